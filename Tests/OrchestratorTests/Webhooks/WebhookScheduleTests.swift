import Testing

@testable import Orchestrator

@Suite struct WebhookScheduleTests {
    private let schedule = WebhookSchedule()
    private let ready = Timestamp(milliseconds: 1_795_255_200_000)

    /// When tries begin, counted from the job's end, where each takes `length` and fails.
    private func starts(length: Duration, jitter: Double) -> [Duration] {
        var starts = [Duration.zero]
        var elapsed = length
        while let pause = schedule.pause(
            after: starts.count,
            ready: ready,
            now: ready + elapsed,
            jitter: jitter
        ) {
            elapsed += pause
            starts.append(elapsed)
            elapsed += length
        }
        return starts
    }

    @Test(arguments: [0, 0.5, 0.999])
    func `three tries begin within 45 seconds, however slow the receiver is`(jitter: Double) {
        for length in [Duration.zero, schedule.timeout] {
            let starts = starts(length: length, jitter: jitter)
            #expect(starts[1] - length <= .seconds(10) && starts[2] < .seconds(45))
        }
    }

    @Test(arguments: [0, 0.5, 0.999])
    func `pauses grow, and tries go on for most of a day and no longer`(jitter: Double) throws {
        let starts = starts(length: .zero, jitter: jitter)
        let pauses = zip(starts.dropFirst(), starts).map { $0 - $1 }
        #expect(zip(pauses.dropFirst(), pauses).allSatisfy { $0 >= $1 })
        let last = try #require(starts.last)
        #expect(last <= .seconds(86_400) && last > .seconds(12 * 3600))
        #expect(starts.count < 20)
    }

    @Test func `chance spreads each pause by a fifth to both sides`() {
        let pauses = [0, 0.5, 0.75].map { schedule.pause(after: 3, ready: ready, now: ready, jitter: $0) }
        #expect(pauses == [.seconds(48), .seconds(60), .seconds(66)])
    }

    @Test func `what would begin after a day is given up`() {
        let late = ready + .seconds(86_400 - 47)
        #expect(schedule.pause(after: 3, ready: ready, now: late, jitter: 0) == nil)
        #expect(schedule.pause(after: 3, ready: ready, now: ready + .seconds(86_400 - 48), jitter: 0) == .seconds(48))
    }
}
