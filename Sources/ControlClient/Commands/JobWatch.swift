private import Glibc
internal import Orchestrator

/// Waits for the end of a job: by its events, and by asking where those break off.
struct JobWatch {
    let api: API
    let id: String
    let progress: Progress
    /// After so long the job goes on without us.
    let patience: Duration

    /// The daemon says something at least each quarter of a minute.
    private static let silence = Duration.seconds(45)
    private static let mostFailures = 10

    static func isFinal(_ job: JSON) -> Bool {
        ["succeeded", "failed", "canceled"].contains(job["status"]?.string ?? "")
    }

    /// The job when it has ended.
    func end() throws(CommandFailure) -> JSON {
        let deadline = ContinuousClock.now + patience
        var failures = 0
        defer { progress.clear() }
        while true {
            let left = deadline - ContinuousClock.now
            guard left > .zero else {
                throw .failure(
                    "job \(id) still runs after \(patience.components.seconds) s; 'jobs wait \(id)' waits on"
                )
            }
            if let job = follow(for: left) { return job }
            switch api.outcome(api.request("GET", "/v1/jobs/\(API.escaped(id))")) {
            case .success(let reply) where reply.isSuccess:
                let job = try? JSON(parsing: reply.body)
                if let job, Self.isFinal(job) { return job }
                failures = 0
            case .success(let reply):
                guard reply.status == 429 || reply.status >= 500 else {
                    throw .failure(API.message(of: reply, at: api.url))
                }
                failures += 1
            case .failure(let problem):
                failures += 1
                guard failures < Self.mostFailures else { throw api.failure(problem) }
                progress.say("the connection broke off; trying again")
            }
            guard failures < Self.mostFailures else { throw .failure("\(api.url) does not tell how job \(id) stands") }
            sleep(UInt32(min(1 << min(failures, 3), 8)))
        }
    }

    /// Reads events until the job has ended; nil when the stream ends before.
    private func follow(for time: Duration) -> JSON? {
        var reader = EventReader()
        var last: JSON?
        var request = api.request("GET", "/v1/jobs/\(API.escaped(id))/events")
        request.timeLimit = time
        request.silenceLimit = Self.silence
        let progress = progress
        request.onTick = { progress.tick() }
        request.onBytes = { bytes in
            for event in reader.events(in: bytes) {
                last = event.data
                progress.say(Self.state(of: event.data))
            }
            return !(last.map(Self.isFinal) ?? false)
        }
        // Why a stream ended before the job is the caller's to find out.
        _ = api.outcome(request)
        guard let last, Self.isFinal(last) else { return nil }
        return last
    }

    /// What the job does now, in some words.
    private static func state(of job: JSON) -> String {
        let attempts = job.list("attempts")
        guard let attempt = attempts.last else { return job.shown("status") }
        let count = attempts.count > 1 ? ", attempt \(attempts.count)" : ""
        return "\(job.shown("status")) at \(attempt.shown("provider"))/\(attempt.shown("model"))\(count)"
    }
}
