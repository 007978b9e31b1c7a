/// The pictures of a request that are tried together, and what has been tried for them.
struct Lane: Sendable {
    var slots: [Int]
    /// Index into the plan's candidates.
    var candidate = 0
    var attempts = 0
    /// Of those, at the present candidate.
    var attemptsHere = 0
    var unknowns = 0
    /// The attempt that was recorded as intended when the job was accepted.
    var intent: Int?

    init(slots: some Sequence<Int>, intent: Int? = nil) {
        self.slots = Array(slots)
        self.intent = intent
    }

    /// Moves on to the next candidate.
    mutating func fallBack() {
        candidate += 1
        attemptsHere = 0
    }

    mutating func noteAttempt() {
        attempts += 1
        attemptsHere += 1
        intent = nil
    }
}

/// How the pictures of a lane ended.
struct LaneEnd: Sendable {
    var delivered: [Int: DeliveredPicture] = [:]
    /// The last failure of pictures that are missing.
    var failures: [ProviderFailure] = []

    mutating func merge(_ other: LaneEnd) {
        delivered.merge(other.delivered) { mine, _ in mine }
        failures += other.failures
    }
}

/// One picture that is stored and belongs to the answer.
package struct DeliveredPicture: Sendable {
    package var record: ImageRecord
    /// Where its bytes can be read now.
    package var source: ByteSource
}
