import Orchestrator

/// What a vendor calls the states of its work.
struct StateMap: Sendable {
    enum Meaning: Sendable, Hashable {
        case running
        case done
        case canceled
        case failed(FailureClass)
    }

    var source: FactSource
    var meanings: [String: Meaning] = [:]
    /// Where the reply names no state; nil: such a reply is not understood.
    var absent: Meaning?

    /// A state as a reply has it.
    enum Reading {
        case known(Meaning)
        case unknown(String)
        case absent
    }

    func reading(of reply: WireReply) -> Reading {
        guard let word = source.words(in: reply).first else { return .absent }
        return meanings[word].map { .known($0) } ?? .unknown(word)
    }
}
