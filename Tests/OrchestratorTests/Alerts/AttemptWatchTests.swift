import Testing

@testable import Orchestrator

/// What alerts know of providers, from the attempts of jobs that have ended.
@Suite struct AttemptWatchTests {
    private let time = ManualTime()

    private func job(_ outcomes: [AttemptOutcome], _ provider: String = "openai") -> JobRecord {
        var job = JobRecord.sample(time.makeID(), at: time.now())
        job.attempts = outcomes.enumerated().map { index, outcome in
            var attempt = AttemptRecord.sample(index + 1, provider, at: time.now())
            attempt.outcome = outcome
            return attempt
        }
        return job
    }

    static let rates: [(outcomes: [AttemptOutcome], isKnown: Bool, rate: Double?)] = [
        ([], false, nil),
        // Too few to tell.
        ([.unavailable, .unavailable, .unavailable, .unavailable], false, nil),
        ([.unavailable, .unknown, .unusable, .unavailable, .unavailable], true, 1),
        ([.ok, .ok, .ok, .unavailable], false, nil),
        ([.ok, .ok, .unavailable, .ok, .ok, .unavailable, .ok, .ok], true, 0.25),
        // What has gone well five times is well.
        ([.unavailable, .unavailable, .unavailable, .unavailable, .ok, .ok, .ok, .ok, .ok], true, nil),
        // What lies in the requests is nobody's failure.
        ([.rejected, .rejected, .refused, .refused, .rejected], true, nil),
        ([.rejected, .rejected, .unavailable, .rejected, .rejected], false, nil),
    ]

    @Test(arguments: rates)
    func `the rate of failures is told of enough attempts`(
        row: (outcomes: [AttemptOutcome], isKnown: Bool, rate: Double?)
    ) {
        let watch = AttemptWatch(time: time)
        watch.count(job(row.outcomes))
        #expect(watch.isRateKnown == row.isKnown)
        #expect(watch.errorRate() == row.rate)
    }

    @Test func `attempts count for a minute, after which it is known that nothing fails`() {
        let watch = AttemptWatch(time: time)
        watch.count(job([.unavailable, .unavailable]))
        time.advance(by: .seconds(59))
        watch.count(job([.unavailable, .unavailable, .unavailable]))
        #expect(watch.isRateKnown && watch.errorRate() == 1)
        time.advance(by: .seconds(2))
        #expect(!watch.isRateKnown && watch.errorRate() == nil)
        time.advance(by: .seconds(60))
        #expect(watch.isRateKnown && watch.errorRate() == nil)
    }

    @Test func `a provider was well once it did what it was asked`() {
        let watch = AttemptWatch(time: time)
        watch.count(job([.unavailable, .unknown, .unusable, .rejected, .refused]))
        #expect(!watch.wasWell("openai"))
        watch.count(job([.ok], "stability"))
        #expect(!watch.wasWell("openai") && watch.wasWell("stability"))
        watch.count(job([.unavailable, .ok]))
        watch.count(job([.unavailable]))
        #expect(watch.wasWell("openai"))
    }
}
