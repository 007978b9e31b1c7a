import Orchestrator
import Transport

/// The states of one job as server-sent events, up to its end: from this process while the job runs here, else from the
/// record, where another daemon writes them.
struct JobEvents: Sendable {
    private let job: JobRecord
    private let service: Service
    /// The last state that the client has seen.
    private let seen: JobPosition?

    /// The record is asked so often for a job that runs elsewhere.
    private static let pollInterval = Duration.seconds(1)
    /// Proxies close connections on which nothing is said for long.
    private static let heartbeat = Duration.seconds(15)
    /// When a client whose stream broke off shall come back.
    private static let retry = "retry: 1000\n\n"

    /// Watches a job as it was found a moment ago.
    init(_ exchange: Exchange, of job: JobRecord) {
        self.job = job
        service = exchange.service
        seen = exchange.request.headers["last-event-id"].flatMap { JobPosition($0) }
    }

    func response() -> HTTPResponse {
        .events { writer in try await write(to: writer) }
    }

    private func write(to writer: HTTPBodyWriter) async throws {
        let bell = Doorbell()
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            if let running = service.runner.running(job.id) {
                group.addTask { for await _ in running.states() { bell.ring() } }
            }
            try await writer.write(Self.retry)
            var stream = JobEventStream(seen: seen)
            var spoke = service.time.monotonic()
            var state = job
            while true {
                let now = service.time.monotonic()
                if let text = stream.next(state, body: { JobAnswer.body(of: $0, link: service.link) }) {
                    try await writer.write(text)
                    spoke = now
                } else if now - spoke >= Self.heartbeat {
                    try await writer.write(": still here\n\n")
                    spoke = now
                }
                // A job of another daemon must not keep this one from stopping; the client comes back to whoever serves.
                if state.status.isFinal || (service.runner.isDraining && service.runner.running(job.id) == nil) {
                    return
                }
                await bell.wait(atMost: Self.pollInterval, service.time)
                if Task.isCancelled { return }
                state = await latest() ?? state
            }
        }
    }

    /// The job as it stands; nil when the record cannot be read now.
    private func latest() async -> JobRecord? {
        if let running = service.runner.running(job.id) { return running.job }
        do throws(StoreError) {
            return try await service.store.job(job.id)
        } catch {
            return nil
        }
    }
}
