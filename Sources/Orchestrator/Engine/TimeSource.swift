/// Where time and chance come from; passed in, so that tests move them by hand.
package protocol TimeSource: Sendable {
    /// Wall-clock time, for records; may jump.
    func now() -> Timestamp
    /// Time since some fixed moment, for deadlines; never jumps.
    func monotonic() -> Duration
    /// Waits, or ends early when the task is cancelled.
    func sleep(for duration: Duration) async throws(CancellationError)
    /// 64 unpredictable bits.
    func random() -> UInt64
}

extension TimeSource {
    /// A number in `0..<1`.
    package func jitter() -> Double { Double(random() >> 11) * 0x1p-53 }

    /// A fresh name for something created now.
    package func makeID<ID: RecordID>(_ type: ID.Type = ID.self) -> ID {
        ID(time: now(), random: (random(), random()))
    }
}
