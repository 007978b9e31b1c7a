import Testing

@testable import Orchestrator

@Suite struct JobEventStreamTests {
    /// A job in a state, with attempts begun and answered.
    private func job(_ status: JobStatus, _ attempts: Int = 0, answered: Int = 0) -> JobRecord {
        var job = JobRecord.sample()
        job.status = status
        job.attempts = (0..<attempts).map { index in
            var attempt = AttemptRecord.sample(index + 1)
            if index < answered { attempt.outcome = .unavailable }
            return attempt
        }
        return job
    }

    private func told(_ jobs: [JobRecord], after seen: String? = nil) -> [String] {
        var stream = JobEventStream(seen: seen.flatMap { JobPosition($0) })
        return jobs.compactMap { job in stream.next(job) { ["status": .string($0.status.rawValue)] } }
    }

    @Test func `each state is told once, with the name by which to go on`() {
        let states = [job(.queued), job(.queued), job(.running, 1), job(.running, 1), job(.succeeded, 1, answered: 1)]
        #expect(
            told(states) == [
                "id: 0-0-0\nevent: queued\ndata: {\"status\":\"queued\"}\n\n",
                "id: 1-1-0\nevent: running\ndata: {\"status\":\"running\"}\n\n",
                "id: 2-1-1\nevent: succeeded\ndata: {\"status\":\"succeeded\"}\n\n",
            ]
        )
    }

    @Test func `an older state that is seen late is not told`() {
        let states = [job(.running, 2, answered: 1), job(.running, 1), job(.queued), job(.failed, 2, answered: 2)]
        #expect(told(states).map { $0.prefix(9) } == ["id: 1-2-1", "id: 2-2-2"])
    }

    static let resumed: [(String?, [String])] = [
        (nil, ["1-1-0", "1-2-1", "2-2-2"]), ("0-0-0", ["1-1-0", "1-2-1", "2-2-2"]), ("1-1-0", ["1-2-1", "2-2-2"]),
        ("1-2-1", ["2-2-2"]),
        // The end is told to whoever asks, also again and to who claims to know more.
        ("2-2-2", ["2-2-2"]), ("9-9-9", ["2-2-2"]),
        // What is no position is none.
        ("", ["1-1-0", "1-2-1", "2-2-2"]), ("job_1", ["1-1-0", "1-2-1", "2-2-2"]),
        ("1-1", ["1-1-0", "1-2-1", "2-2-2"]), ("-1-1-0", ["1-1-0", "1-2-1", "2-2-2"]),
        ("1-1-0-0", ["1-1-0", "1-2-1", "2-2-2"]), ("99999999999999999999-0-0", ["1-1-0", "1-2-1", "2-2-2"]),
    ]

    @Test(arguments: resumed)
    func `who comes back is told what came after`(seen: String?, expected: [String]) {
        let states = [job(.running, 1), job(.running, 2, answered: 1), job(.canceled, 2, answered: 2)]
        #expect(told(states, after: seen).map { String($0.dropFirst(4).prefix(5)) } == expected)
    }

    @Test func `a position's text leads back to it`() {
        for state in [job(.queued), job(.running, 12, answered: 3), job(.failed)] {
            #expect(JobPosition(JobPosition(state).description) == JobPosition(state))
        }
        #expect(JobPosition(job(.failed)) > JobPosition(job(.running, 12, answered: 12)))
    }
}
