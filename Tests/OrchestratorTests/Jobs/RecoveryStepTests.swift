import Testing

@testable import Orchestrator

@Suite struct RecoveryStepTests {
    private func claimed(_ change: (inout ClaimedJob) -> Void) throws -> ClaimedJob {
        let scene = EngineScene()
        let (execution, job) = try scene.prepare(.two(), .sample { $0.count = 2 })
        var claimed = ClaimedJob(job: job, lease: execution.lease, claims: 1, isCancelRequested: false)
        _ = execution.enterAtOnce()
        claimed.job.attempts = execution.intents
        change(&claimed)
        return claimed
    }

    private func step(_ change: (inout ClaimedJob) -> Void, isLocal: Bool = false) throws -> RecoveryStep {
        RecoveryStep(for: try claimed(change)) { _ in isLocal }
    }

    @Test func `what was done decides what can be gone on with`() throws {
        let handle = VendorHandle(id: "w", pollURL: "https://a.example/poll/w")
        #expect(try step { $0.job.attempts = [] } == .run)
        #expect(try step { _ in } == .giveUp)
        #expect(try step({ _ in }, isLocal: true) == .resume([1, 2]))
        #expect(try step { $0.job.attempts[1].handle = handle } == .resume([2]))
        #expect(try step { $0.isCancelRequested = true } == .cancel)
        let ended: (inout ClaimedJob) -> Void = { claimed in
            for index in claimed.job.attempts.indices { claimed.job.attempts[index].outcome = .unavailable }
        }
        #expect(try step(ended) == .resume([]))
        #expect(
            try step {
                ended(&$0)
                JobWork(isForGallery: false, ownKeys: ["a"]).write(to: &$0.job.request)
            } == .giveUp
        )
        #expect(
            try step {
                ended(&$0)
                $0.job.attempts[0].outcome = .ok
            } == .giveUp
        )
        #expect(
            try step {
                $0.job.attempts[1].handle = handle
                $0.claims = 6
            } == .giveUp
        )
        #expect(
            try step {
                $0.job.attempts[1].handle = handle
                $0.job.attempts[1].outcome = .unusable
            } == .giveUp
        )
        #expect(
            try step {
                $0.job.attempts = []
                JobWork(isForGallery: false, ownKeys: ["a"]).write(to: &$0.job.request)
            } == .giveUp
        )
    }
}
