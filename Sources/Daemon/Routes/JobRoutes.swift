import Orchestrator
import Transport

/// `/v1/jobs`: every image request, while it runs and after.
enum JobRoutes {
    static let all: [Route] = [
        Route(.get, "/v1/jobs", .scope(.jobsRead), "List your jobs, newest first") {
            exchange throws(APIError) in try await list(exchange)
        },
        Route(.get, "/v1/jobs/{job}", .scope(.jobsRead), "Show one job") {
            exchange throws(APIError) in
            let job = try await find(exchange)
            return .json(
                JobAnswer.body(of: job, link: exchange.service.link),
                headers: job.status.isFinal ? [] : [(name: "retry-after", value: "1")]
            )
        },
        Route(.get, "/v1/jobs/{job}/events", .scope(.jobsRead), "Watch one job as server-sent events") {
            exchange throws(APIError) in JobEvents(exchange, of: try await find(exchange)).response()
        },
        Route(.post, "/v1/jobs/{job}/cancel", .scope(.jobsWrite), "Cancel one job") {
            exchange throws(APIError) in try await cancel(exchange)
        },
    ]

    private static func list(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let caller = try exchange.requireCaller()
        let page = QueryReader(exchange.request)
        var query = JobQuery()
        query.owner = caller.user.id
        query.limit = try page.integer("limit", in: 1...100) ?? 20
        query.after = try page.identifier("after")
        query.status = try page.choice("status")
        query.model = page.text("model")
        query.text = page.text("q")
        query.from = try page.time("from")
        query.to = try page.time("to", endOfDay: true)
        let wanted = query.limit
        query.limit += 1
        let extended = query
        let jobs = try await exchange.reading { store throws(StoreError) in try await store.jobs(extended) }
        let data = jobs.prefix(wanted).map { JobAnswer.body(of: $0, link: exchange.service.link) }
        return .json(["object": "list", "data": .array(Array(data)), "has_more": .bool(jobs.count > wanted)])
    }

    /// The job of the path, if it is the caller's or the caller is an administrator.
    private static func find(_ exchange: Exchange) async throws(APIError) -> JobRecord {
        let caller = try exchange.requireCaller()
        let missing = APIError.notFound("there is no job '\(exchange.parameters[0])'")
        guard let id = JobID(exchange.parameters[0]) else { throw missing }
        let running = exchange.service.runner.running(id)?.job
        let stored =
            running == nil
            ? try await exchange.reading { store throws(StoreError) in try await store.job(id) } : nil
        guard let job = running ?? stored, job.owner == caller.user.id || caller.user.isAdmin else { throw missing }
        return job
    }

    /// Who cancels waits so long for a daemon elsewhere to hear of it.
    private static let cancelPatience = Duration.seconds(15)
    private static let cancelPause = Duration.milliseconds(250)

    private static func cancel(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let service = exchange.service
        let job = try await find(exchange)
        let finished = APIError(409, .invalidRequest, "job_finished", "the job has ended; nothing was changed")
        guard !job.status.isFinal else { throw finished }
        if let running = service.runner.running(job.id) {
            running.cancel()
            let end = await running.value()
            if end.job.status.isFinal { return answer(end.job, service) }
        }
        let isAsked = try await exchange.reading { store throws(StoreError) in try await store.requestCancel(job.id) }
        guard isAsked else { throw finished }
        let deadline = service.time.monotonic() + cancelPatience
        while true {
            let now = try await exchange.reading { store throws(StoreError) in try await store.job(job.id) } ?? job
            if now.status.isFinal { return answer(now, service) }
            guard service.time.monotonic() < deadline, (try? await service.time.sleep(for: cancelPause)) != nil else {
                return answer(now, service)
            }
        }
    }

    /// 202 where the job has not ended yet.
    private static func answer(_ job: JobRecord, _ service: Service) -> HTTPResponse {
        .json(JobAnswer.body(of: job, link: service.link), status: job.status.isFinal ? 200 : 202)
    }
}
