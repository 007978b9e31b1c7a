/// Announces the ends of jobs to whoever asked for it, from the record, until they are taken or a day has passed.
///
/// What is on record is what counts: a hint only makes the first try prompt, and a try that is broken off, with this process
/// or without, is made again under the same id when its lease has run out.
package final class WebhookDispatcher: Sendable {
    /// What the dispatcher is made of, passed in by whoever starts it.
    package struct Parts: Sendable {
        package var store: any WebhookStore & Sendable
        /// The job of an announcement; nil when it is gone.
        package var job: @Sendable (JobID) async throws(StoreError) -> JobRecord?
        package var upstream: any Upstream
        package var time: any TimeSource
        package var log: any EventLog
        package var sign: WebhookSigning
        package var link: @Sendable (ImageRecord) -> String
        /// Whether receivers may be on loopback and private addresses, by the registry in force.
        package var allowsPrivateURLs: @Sendable () -> Bool
        /// Told of each try: whether it was taken.
        package var count: @Sendable (Bool) -> Void

        package init(
            store: any WebhookStore & Sendable,
            job: @escaping @Sendable (JobID) async throws(StoreError) -> JobRecord?,
            upstream: any Upstream,
            time: any TimeSource,
            log: any EventLog,
            sign: @escaping WebhookSigning,
            link: @escaping @Sendable (ImageRecord) -> String,
            allowsPrivateURLs: @escaping @Sendable () -> Bool,
            count: @escaping @Sendable (Bool) -> Void
        ) {
            self.store = store
            self.job = job
            self.upstream = upstream
            self.time = time
            self.log = log
            self.sign = sign
            self.link = link
            self.allowsPrivateURLs = allowsPrivateURLs
            self.count = count
        }
    }

    private struct State: Sendable {
        var expected: Set<JobID> = []
        var inFlight: [WebOrigin?: Int] = [:]
        var isStopping = false

        var total: Int { inFlight.values.reduce(0, +) }
    }

    /// Longer than a try, so that nobody else makes it meanwhile.
    private static let lease = Duration.seconds(30)
    private static let mostInFlight = 64
    /// One receiver that hangs holds no more than these places.
    private static let mostPerOrigin = 8
    /// Every hint may be lost: the record is asked at least so often.
    private static let longestPause = Duration.seconds(5)
    private static let shortestPause = Duration.milliseconds(100)
    private static let largestAnswer: Int64 = 64 << 10

    private let parts: Parts
    private let schedule: WebhookSchedule
    private let bell = Doorbell()
    private let state = Lock(State())

    package init(_ parts: Parts, schedule: WebhookSchedule = WebhookSchedule()) {
        self.parts = parts
        self.schedule = schedule
    }

    /// Notes that the end of a job will have to be announced, so that `ended` is a hint worth following.
    package func expect(_ job: JobID) {
        state.withLock { _ = $0.expected.insert(job) }
    }

    /// A job has ended and that is on record.
    package func ended(_ job: JobID) {
        if state.withLock({ $0.expected.remove(job) != nil }) { bell.ring() }
    }

    /// Begins no further try; `run` returns when those under way have ended. What waits stays in the record.
    package func stop() {
        state.withLock { $0.isStopping = true }
        bell.ring()
    }

    /// Delivers until it is stopped or cancelled.
    package func run() async {
        var isRecordLost = false
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let (isStopping, free) = state.withLock { ($0.isStopping, Self.mostInFlight - $0.total) }
                if isStopping { return }
                var pause = Self.longestPause
                do throws(StoreError) {
                    var due: [WebhookDelivery] = []
                    if free > 0 { (due, pause) = try await claim(atMost: free) }
                    isRecordLost = false
                    for delivery in due { await begin(delivery, in: &group) }
                    if !due.isEmpty { continue }
                } catch {
                    if !isRecordLost { parts.log.log(.error, "announcements cannot be read", [("why", "\(error)")]) }
                    isRecordLost = true
                }
                await bell.wait(atMost: pause, parts.time)
            }
        }
    }

    // MARK: - Taking over

    /// What is due, or how long nothing will be, as far as is known. Reading costs nobody anything; a claim is a write.
    private func claim(atMost limit: Int) async throws(StoreError) -> (due: [WebhookDelivery], pause: Duration) {
        let now = parts.time.now()
        guard let next = try await parts.store.nextWebhook() else { return ([], Self.longestPause) }
        guard next > now else {
            let due = try await parts.store.claimWebhooks(for: Self.lease, now: now, limit: limit)
            return (due, Self.shortestPause)
        }
        let wait = Duration.milliseconds(next.milliseconds - now.milliseconds)
        return ([], min(max(wait, Self.shortestPause), Self.longestPause))
    }

    /// Sets a try going, or puts the announcement back while its receiver has all the places that one may have.
    private func begin(_ delivery: WebhookDelivery, in group: inout DiscardingTaskGroup) async {
        let origin = WebOrigin(delivery.target.url)
        let isFree = state.withLock { state in
            guard state.inFlight[origin, default: 0] < Self.mostPerOrigin else { return false }
            state.inFlight[origin, default: 0] += 1
            return true
        }
        guard isFree else {
            let pause = schedule.timeout * (0.5 + parts.time.jitter())
            return await settle(delivery, tries: delivery.tries, next: parts.time.now() + pause)
        }
        group.addTask { [self] in
            await make(delivery)
            state.withLock { state in
                let left = state.inFlight[origin, default: 1] - 1
                state.inFlight[origin] = left > 0 ? left : nil
            }
            bell.ring()
        }
    }

    // MARK: - One try

    private func make(_ delivery: WebhookDelivery) async {
        let job: JobRecord?
        do throws(StoreError) {
            job = try await parts.job(delivery.job)
        } catch {
            // The lease runs out, and somebody tries again.
            return parts.log.log(.error, "an announcement's job cannot be read", [("why", "\(error)")])
        }
        guard let job, job.status.isFinal,
            let request = WebhookCall(delivery: delivery, job: job)
                .request(at: parts.time.now(), sign: parts.sign, link: parts.link)
        else { return await giveUp(delivery, tries: delivery.tries, "there is nothing to announce") }
        switch await send(request) {
        case .taken:
            parts.count(true)
            await settle(delivery, tries: delivery.tries + 1, next: nil, isDelivered: true)
        case .brokenOff:
            await settle(delivery, tries: delivery.tries, next: parts.time.now())
        case .failed(let why):
            parts.count(false)
            await retry(delivery, after: why)
        }
    }

    private func retry(_ delivery: WebhookDelivery, after why: String) async {
        let (tries, now) = (delivery.tries + 1, parts.time.now())
        let pause = schedule.pause(
            after: tries,
            ready: delivery.ready,
            now: now,
            jitter: parts.time.jitter()
        )
        guard let pause else { return await giveUp(delivery, tries: tries, why) }
        parts.log.log(
            .info,
            "an announcement was not taken",
            [("webhook.id", delivery.target.id.text), ("job.id", delivery.job.text), ("why", why)]
        )
        await settle(delivery, tries: tries, next: now + pause)
    }

    private func giveUp(_ delivery: WebhookDelivery, tries: Int, _ why: String) async {
        parts.log.log(
            .warning,
            "an announcement was given up",
            [("webhook.id", delivery.target.id.text), ("job.id", delivery.job.text), ("why", why)]
        )
        await settle(delivery, tries: tries, next: nil)
    }

    private enum Outcome {
        case taken, brokenOff
        case failed(String)
    }

    private func send(_ request: WireRequest) async -> Outcome {
        var call = UpstreamCall(request, credential: nil, timeLimit: schedule.timeout)
        call.reach = parts.allowsPrivateURLs() ? .anywhere : .publicOnly
        call.maxReplyBytes = Self.largestAnswer
        do throws(UpstreamError) {
            let reply = try await parts.upstream.send(call, sinks: NowhereSinks()).reply
            return reply.isSuccess ? .taken : .failed("status \(reply.status)")
        } catch {
            switch error.kind {
            case .cancelled: return .brokenOff
            // The answer's body is nobody's business: what counts is its status.
            case .tooLarge(let status), .malformed(let status), .cut(.some(let status)):
                return (200..<300).contains(status) ? .taken : .failed("status \(status)")
            case .cut(nil), .notConnected, .forbiddenAddress, .timeout: return .failed(error.detail)
            }
        }
    }

    private func settle(_ delivery: WebhookDelivery, tries: Int, next: Timestamp?, isDelivered: Bool = false) async {
        do throws(StoreError) {
            try await parts.store.settleWebhook(
                delivery.target.id,
                tries: tries,
                next: next,
                isDelivered: isDelivered
            )
        } catch {
            parts.log.log(.error, "an announcement cannot be settled", [("why", "\(error)")])
        }
    }
}
