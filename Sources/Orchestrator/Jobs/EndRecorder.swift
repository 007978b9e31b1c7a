/// Puts the ends of jobs on record, however long the record is away; nobody hears of an end before it is there.
final class EndRecorder: Sendable {
    /// Between tries, growing from the first to the last.
    private static let firstPause = Duration.milliseconds(100)
    private static let longestPause = Duration.seconds(2)
    /// A record that is away for longer than this is not waited for: whoever takes the job over ends it. Hours, as a full
    /// disk is an operator's to mend, and what the vendor was paid for is in no other place.
    private static let patience = Duration.seconds(6 * 3600)
    /// The same while stopping.
    private static let lastPatience = Duration.seconds(10)

    private let services: EngineServices
    /// When stopping began, on the monotonic clock.
    private let stopped = Lock<Duration?>(nil)

    init(services: EngineServices) {
        self.services = services
    }

    /// Shortens every wait, as the process stops.
    func stop() {
        let now = services.time.monotonic()
        stopped.withLock { $0 = $0 ?? now }
    }

    /// Tries once; false when that was not enough.
    @inline(never)  // else in the frame of every job that waits
    func record(
        _ job: JobRecord,
        _ sources: [ByteSource],
        _ execution: JobExecution,
        _ running: RunningJob
    ) async -> Bool {
        do throws(StoreError) {
            guard let recorded = try await services.store.finish(end(job, execution)) else {
                running.lose()
                return false
            }
            services.spend.forget()
            running.end(recorded, sources: sources)
            services.ended(recorded.id)
            return true
        } catch {
            log("a job's end could not be recorded", job.id, "\(error)")
            return false
        }
    }

    /// Tries until the end is on record, or another process has the job.
    func insist(
        _ job: JobRecord,
        _ sources: [ByteSource],
        _ execution: JobExecution,
        _ running: RunningJob
    ) async {
        let began = services.time.monotonic()
        var pause = Self.firstPause
        while !running.isLost {
            if await record(job, sources, execution, running) { return }
            let now = services.time.monotonic()
            let last = stopped.withLock { $0 }.map { $0 + Self.lastPatience }
            guard !running.isLost, now < min(began + Self.patience, last ?? .seconds(Int64.max / 4)) else { break }
            if now >= execution.terms.deadline { running.release() }
            guard (try? await services.time.sleep(for: pause)) != nil else { break }
            pause = min(pause * 2, Self.longestPause)
        }
        if running.isLost {
            await follow(running, until: execution.terms.deadline)
        } else {
            log("a job's end was given up", job.id, "the record was away for too long")
            running.release()
        }
    }

    /// Waits for the end that another process records.
    func follow(_ running: RunningJob, until deadline: Duration) async {
        let id = running.job.id
        log("another process has taken a job over", id, "its lease had run out")
        var pause = Self.firstPause
        while services.time.monotonic() < deadline, stopped.withLock({ $0 }) == nil {
            if let job = try? await services.store.job(id), job.status.isFinal {
                running.end(job, sources: [])
                return
            }
            guard (try? await services.time.sleep(for: pause)) != nil else { break }
            pause = min(pause * 2, Self.longestPause)
        }
        running.release()
    }

    @inline(never)
    private func end(_ job: JobRecord, _ execution: JobExecution) -> JobEnd {
        var end = JobEnd(job: job, lease: execution.lease)
        end.inGallery = execution.terms.isForGallery
        if let quote = job.quote { (end.charge, end.freeUsed) = quote.settlement(of: job) }
        return end
    }

    private func log(_ message: StaticString, _ id: JobID, _ why: String) {
        services.log.log(.error, message, [("job.id", id.text), ("why", why)])
    }
}
