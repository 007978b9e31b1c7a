internal import Orchestrator

/// Random numbers for names and jitter, drawn many at a time: OpenSSL asks the kernel three things at every draw, which
/// was a twentieth of a small request's time. Secrets come from `SecureRandom` itself, so that none waits in memory.
package final class RandomReserve: RandomNumberGenerator, Sendable {
    private static let size = 256

    private let numbers = Lock<[UInt64]>([])

    package init() {}

    package func next() -> UInt64 {
        numbers.withLock { numbers in
            if let number = numbers.popLast() { return number }
            numbers = SecureRandom().numbers(RandomReserve.size)
            return numbers.removeLast()
        }
    }
}
