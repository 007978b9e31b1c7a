import Orchestrator
import Persistence
import Transport

/// Holds a body that goes by against the hash that its request was signed with.
final class BodyDigest: BodyWitness {
    private final class Running {
        var hash: SHA256? = SHA256()
        var verdict: Bool?
    }

    private let expected: [UInt8]
    private let running = Lock(Running())

    /// `expected` is lower-case hex.
    init(_ expected: String) {
        self.expected = Hex.bytes(expected) ?? []
    }

    func take(_ piece: [UInt8]) {
        running.withLock { running in
            guard var hash = running.hash.take() else { return }
            hash.update(piece.span)
            running.hash = consume hash
        }
    }

    func isAsPromised() -> Bool {
        running.withLock { running in
            if let hash = running.hash.take() {
                running.verdict = MessageAuthentication.areEqual(hash.finish(), expected)
            }
            return running.verdict ?? false
        }
    }
}
