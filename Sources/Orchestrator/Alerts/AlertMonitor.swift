/// Looks for what operators should know, and posts it to their webhook: once when it begins, once when it is over.
///
/// It looks at what is there anyway, in a task of its own: no request waits for it. What is told is on record, so that a
/// restart repeats nothing.
package final class AlertMonitor: Sendable {
    /// What the monitor is made of, passed in by whoever starts it.
    package struct Parts: Sendable {
        package var store: any AlertStore & JobStore & Sendable
        package var upstream: any Upstream
        package var time: any TimeSource
        package var log: any EventLog
        package var registry: @Sendable () -> Registry
        package var health: Health
        package var spend: SpendView
        package var attempts: AttemptWatch
        /// Bytes free where the daemon keeps its data; nil: unknown.
        package var freeSpace: @Sendable () async -> Int64?

        package init(
            store: any AlertStore & JobStore & Sendable,
            upstream: any Upstream,
            time: any TimeSource,
            log: any EventLog,
            registry: @escaping @Sendable () -> Registry,
            health: Health,
            spend: SpendView,
            attempts: AttemptWatch,
            freeSpace: @escaping @Sendable () async -> Int64?
        ) {
            self.store = store
            self.upstream = upstream
            self.time = time
            self.log = log
            self.registry = registry
            self.health = health
            self.spend = spend
            self.attempts = attempts
            self.freeSpace = freeSpace
        }
    }

    private struct State: Sendable {
        var board: AlertBoard?
        /// Since when each provider has had an open breaker, on the monotonic clock.
        var downSince: [String: Duration] = [:]
        var findings: [AlertKey: AlertFinding] = [:]
        /// Not before this is anything posted again.
        var quietUntil = Duration.zero
        var failures = 0
        /// What costs a look at disk or record, as it was last found.
        var slow: [AlertFinding] = []
        var slowDue = Duration.zero
    }

    private static let pace = Duration.seconds(1)
    private static let slowPace = Duration.seconds(10)
    private static let timeLimit = Duration.seconds(10)
    private static let longestPause = Duration.seconds(60)
    private static let largestAnswer: Int64 = 64 << 10

    private let parts: Parts
    private let state = Lock(State())

    package init(_ parts: Parts) {
        self.parts = parts
    }

    /// Watches until the task is cancelled.
    package func run() async {
        while (try? await parts.time.sleep(for: Self.pace)) != nil {
            let registry = parts.registry()
            guard let webhook = registry.alerts.webhook else { continue }
            do throws(StoreError) {
                try await look(registry)
                try await tell(webhook)
            } catch {
                parts.log.log(.warning, "alerts wait", [("why", "\(error)")])
            }
        }
    }

    // MARK: - Looking

    func look(_ registry: Registry) async throws(StoreError) {
        if state.withLock({ $0.board == nil }) {
            let open = try await parts.store.openAlerts()
            state.withLock { $0.board = AlertBoard(open) }
        }
        let rules = registry.alerts
        var findings = providersDown(rules, registry) + errorRate(rules)
        findings += await spend(rules, registry)
        findings += try await slowFindings(rules)
        let found = findings
        let (now, attempts) = (parts.time.now(), parts.attempts)
        let changes = state.withLock { state -> [AlertBoard.Change] in
            for finding in found { state.findings[finding.key] = finding }
            return state.board?.update(found, isKnown: { $0.isKnown(to: attempts) }, now: now) ?? []
        }
        for change in changes { try await write(change) }
    }

    private func providersDown(_ rules: AlertSettings, _ registry: Registry) -> [AlertFinding] {
        guard let limit = rules.providerDown else { return [] }
        let now = parts.time.monotonic()
        return registry.providers.compactMap { provider in
            let open = parts.health.report(of: provider).breakers.filter { $0.state != .closed }.map(\.model)
            let since = state.withLock { state -> Duration? in
                state.downSince[provider.id] = open.isEmpty ? nil : state.downSince[provider.id] ?? now
                return state.downSince[provider.id]
            }
            guard let since, now - since >= limit else { return nil }
            return AlertFinding(
                AlertKey(.providerDown, provider.id),
                value: "\((now - since).roundedUpSeconds)s",
                threshold: "\(limit.roundedUpSeconds)s",
                message: "provider '\(provider.id)' is down: \(open.joined(separator: ", ")) fails every time"
            )
        }
    }

    private func errorRate(_ rules: AlertSettings) -> [AlertFinding] {
        guard let limit = rules.errorRate, let rate = parts.attempts.errorRate(), rate >= limit, rate > 0 else {
            return []
        }
        let percent = Int((rate * 100).rounded())
        return [
            AlertFinding(
                AlertKey(.errorRate, "all"),
                value: "\(Double(percent) / 100)",
                threshold: "\(limit)",
                message: "\(percent) % of the attempts of the last minute failed"
            )
        ]
    }

    private func spend(_ rules: AlertSettings, _ registry: Registry) async -> [AlertFinding] {
        guard let share = rules.spendOfCap else { return [] }
        let spent = await parts.spend.today()
        var caps: [(SpendSubject, String, MicroUSD)] = [(.all, "all", registry.limits.spendPerDay)]
        for provider in registry.providers {
            if let cap = provider.spendPerDay { caps.append((.provider(provider.id), provider.id, cap)) }
        }
        return caps.compactMap { subject, name, cap in
            let amount = spent[subject] ?? .zero
            guard cap > .zero, Double(amount.micros) >= Double(cap.micros) * share else { return nil }
            return AlertFinding(
                AlertKey(.spendOfCap, name),
                value: "\(amount)",
                threshold: "\(cap)",
                message: "today's spend of '\(name)' is $\(amount) of $\(cap)"
            )
        }
    }

    private func slowFindings(_ rules: AlertSettings) async throws(StoreError) -> [AlertFinding] {
        let (now, known, due) = (parts.time.monotonic(), state.withLock { $0.slow }, state.withLock { $0.slowDue })
        guard now >= due else { return known }
        var found: [AlertFinding] = []
        if let limit = rules.lowDisk, let free = await parts.freeSpace(), free < limit {
            found.append(
                AlertFinding(
                    AlertKey(.lowDisk, "data"),
                    value: "\(free)",
                    threshold: "\(limit)",
                    message: "\(free >> 20) MiB are free for data, less than \(limit >> 20) MiB"
                )
            )
        }
        if let limit = rules.stuckJob, let job = try await jobOlder(than: limit) {
            found.append(
                AlertFinding(
                    AlertKey(.stuckJob, "jobs"),
                    value: job.id.text,
                    threshold: "\(limit.roundedUpSeconds)s",
                    message: "job \(job.id) is \(job.status.rawValue) since \(job.created)"
                )
            )
        }
        let all = found
        // Short limits are looked at more often.
        let pause = min(Self.slowPace, rules.stuckJob ?? Self.slowPace)
        state.withLock { ($0.slow, $0.slowDue) = (all, now + pause) }
        return all
    }

    private func jobOlder(than limit: Duration) async throws(StoreError) -> JobRecord? {
        for status in [JobStatus.running, .queued] {
            var query = JobQuery()
            (query.status, query.to, query.limit) = (status, parts.time.now() + (.zero - limit), 1)
            if let job = try await parts.store.jobs(query).first { return job }
        }
        return nil
    }

    // MARK: - Telling

    func tell(_ webhook: Secret) async throws(StoreError) {
        guard parts.time.monotonic() >= state.withLock({ $0.quietUntil }) else { return }
        for alert in state.withLock({ $0.board?.untold ?? [] }) {
            let finding = state.withLock { $0.findings[alert.key] }
            guard await post(Self.body(of: alert, finding, now: parts.time.now()), to: webhook) else {
                // Conditions that come and go meanwhile cost nothing: there is one entry for each.
                let now = parts.time.monotonic()
                state.withLock { state in
                    state.failures += 1
                    state.quietUntil = now + min(.seconds(1 << min(state.failures, 6)), Self.longestPause)
                }
                return
            }
            let change = state.withLock { state -> AlertBoard.Change? in
                state.failures = 0
                return state.board?.tell(alert.key)
            }
            if let change { try await write(change) }
        }
    }

    private func write(_ change: AlertBoard.Change) async throws(StoreError) {
        switch change {
        case .keep(let alert): try await parts.store.keepAlert(alert)
        case .forget(let key): try await parts.store.forgetAlert(key)
        }
    }

    /// `text` is what chat services show.
    static func body(of alert: OpenAlert, _ finding: AlertFinding?, now: Timestamp) -> JSON {
        let isOver = alert.stage == .over
        let message = finding?.message ?? "\(alert.key.rule.rawValue) of '\(alert.key.subject)'"
        return [
            "type": isOver ? "alert.resolved" : "alert.firing", "timestamp": .text(now),
            "text": .string(isOver ? "over: " + message : message),
            "data": [
                "rule": .string(alert.key.rule.rawValue), "subject": .string(alert.key.subject),
                "status": isOver ? "resolved" : "firing", "since": .text(alert.since),
                "value": .text(finding?.value), "threshold": .text(finding?.threshold), "message": .string(message),
            ],
        ]
    }

    private func post(_ body: JSON, to webhook: Secret) async -> Bool {
        let request = WireRequest(.post, webhook.reveal(), body: .json(body))
        // The operator named the address.
        var call = UpstreamCall(request, credential: nil, timeLimit: Self.timeLimit)
        call.maxReplyBytes = Self.largestAnswer
        do throws(UpstreamError) {
            let reply = try await parts.upstream.send(call, sinks: NowhereSinks()).reply
            if reply.isSuccess { return true }
            parts.log.log(.warning, "an alert was not taken", [("status", "\(reply.status)")])
        } catch {
            switch error.kind {
            // The answer's body is nobody's business: what counts is its status.
            case .tooLarge(let status), .malformed(let status), .cut(.some(let status)):
                if (200..<300).contains(status) { return true }
            default: break
            }
            parts.log.log(.warning, "an alert was not taken", [("why", error.detail)])
        }
        return false
    }
}

extension AlertKey {
    /// Whether it means anything that nothing is wrong.
    fileprivate func isKnown(to attempts: AttemptWatch) -> Bool {
        switch rule {
        case .errorRate: attempts.isRateKnown
        case .providerDown: attempts.wasWell(subject)
        case .spendOfCap, .lowDisk, .stuckJob: true
        }
    }
}
