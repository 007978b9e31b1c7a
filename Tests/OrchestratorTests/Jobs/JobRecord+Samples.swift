@testable import Orchestrator

extension JobRecord {
    /// A job without attempts or pictures.
    static func sample(
        _ id: JobID = JobID(trusted: "job_1"),
        at time: Timestamp = Timestamp(milliseconds: 0)
    ) -> JobRecord {
        JobRecord(
            id: id,
            owner: UserID(trusted: "usr_1"),
            requestID: "req",
            operation: .generate,
            created: time,
            request: ["prompt": "a fox"],
            policy: "price",
            answer: AnswerFacts(responseFormat: .url, format: .png, background: .auto)
        )
    }
}

extension AttemptRecord {
    /// An attempt that runs, for one picture.
    static func sample(_ n: Int, _ provider: String = "a", at time: Timestamp = Timestamp(milliseconds: 0)) -> Self {
        AttemptRecord(n: n, provider: provider, model: "m", tier: .low, count: 1, started: time)
    }
}
