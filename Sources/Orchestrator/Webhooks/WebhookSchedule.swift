/// When an announcement that was not taken is made again: no clock, no randomness, no I/O.
package struct WebhookSchedule: Sendable {
    /// For the receiver's answer.
    package var timeout = Duration.seconds(10)
    /// After the first try, the second, and so on. Even when each of the first three tries takes the whole of its time, and
    /// chance stretches both pauses, the third begins within 45 seconds.
    package var pauses: [Duration] = [
        .seconds(3), .seconds(12), .seconds(60), .seconds(300), .seconds(900), .seconds(2700), .seconds(7200),
        .seconds(14_400), .seconds(28_800),
    ]
    /// From the job's end to the last moment at which a try may begin.
    package var horizon = Duration.seconds(86_400)
    /// A pause is so much longer or shorter, by chance, so that receivers who come back are not met by all at once.
    package var spread = 0.2

    package init() {}

    /// The pause after `tries` failed ones, counted from 1, at `now`; nil: it is given up. `jitter` is in `0..<1`.
    package func pause(after tries: Int, ready: Timestamp, now: Timestamp, jitter: Double) -> Duration? {
        precondition(tries >= 1 && (0..<1).contains(jitter))
        let usual = pauses[min(tries, pauses.count) - 1].milliseconds
        // Whole milliseconds: the record keeps no finer times.
        let pause = Duration.milliseconds(Int64((Double(usual) * (1 - spread + 2 * spread * jitter)).rounded()))
        return now + pause <= ready + horizon ? pause : nil
    }
}
