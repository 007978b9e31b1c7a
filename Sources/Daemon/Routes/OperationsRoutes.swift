import CommandLineInterface
import Orchestrator
import Transport

/// What operators and their tools ask: health, metrics, the registry in force, spend.
enum OperationsRoutes {
    static let all: [Route] = [
        Route(.get, "/health", .anyone, "Whether the daemon is well") { exchange throws(APIError) in
            health(exchange)
        },
        Route(.get, "/health/live", .anyone, "Whether the process answers") { _ throws(APIError) in
            .json(["status": "ok"])
        },
        Route(.get, "/health/ready", .anyone, "Whether requests can be served now") { exchange throws(APIError) in
            try await ready(exchange)
        },
        Route(.get, "/metrics", .adminOrLoopback, "Figures in the Prometheus text format") {
            exchange throws(APIError) in
            HTTPResponse(
                headers: [(name: "content-type", value: "text/plain; version=0.0.4; charset=utf-8")],
                body: .bytes(Array(await exchange.service.metricsText().utf8))
            )
        },
        Route(.get, "/v1/admin/registry", .admin, "The registry in force and the last reload") {
            exchange throws(APIError) in
            .json(exchange.service.registrySource.report)
        },
        Route(.post, "/v1/admin/reload", .admin, "Reload the configuration file") { exchange throws(APIError) in
            try await reload(exchange)
        },
        Route(.get, "/v1/admin/providers", .admin, "Health, breakers and spend of each provider") {
            exchange throws(APIError) in
            await providers(exchange)
        },
    ]

    static func health(_ exchange: Exchange) -> HTTPResponse {
        .json([
            "status": "ok", "timestamp": .text(exchange.service.time.now()), "version": .string(Version.text),
            "rateLimit": "enabled",
            "uptime_s": .integer((exchange.service.time.now().seconds - exchange.service.started.seconds)),
        ])
    }

    private static func ready(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        guard !exchange.service.runner.isDraining else { throw .draining }
        do throws(StoreError) {
            try await exchange.service.store.ping()
        } catch {
            throw APIError(503, .server, "overloaded", "the database cannot be written", detail: "\(error)")
        }
        try await KeptPictures.ready(exchange.service)
        return .json(["status": "ok"])
    }

    private static func reload(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let source = exchange.service.registrySource
        guard await exchange.service.reload(by: try exchange.requireCaller().user.id) else {
            throw APIError(
                400,
                .invalidRequest,
                "invalid_value",
                "the file was not loaded and the old registry keeps serving: \(source.lastErrors.joined(separator: "; "))",
                param: "providers.yaml"
            )
        }
        return .json(source.report)
    }

    private static func providers(_ exchange: Exchange) async -> HTTPResponse {
        let service = exchange.service
        let spent = await service.engine.spend.today()
        let rows = service.registry.providers.map { provider -> JSON in
            let report = service.health.report(of: provider)
            return [
                "id": .string(provider.id), "adapter": .string(provider.kind),
                "enabled": .string(provider.availability.rawValue), "in_flight": .integer(report.inFlight),
                "max_in_flight": .integer(provider.maxInFlight),
                "spent_today_usd": .text(spent[.provider(provider.id)] ?? .zero),
                "spend_per_day_usd": .text(provider.spendPerDay),
                "models": .array(
                    report.breakers.map { row in
                        [
                            "id": .string(row.model), "breaker": .string(row.state.rawValue),
                            "failures_in_a_row": .integer(row.failures),
                            "latency_ms": report.latency[row.model].map { .integer($0.milliseconds) } ?? .null,
                        ]
                    }
                ),
            ]
        }
        let leftOut = service.registry.leftOut.map { row -> JSON in
            ["id": .string(row.provider), "missing": .string(row.variable)]
        }
        return .json(["object": "list", "data": .array(rows), "left_out": .array(leftOut), "has_more": false])
    }
}

extension Service {
    /// Loads the file anew; false, and nothing changed, when it has mistakes. `actor` is nil for signals and a changed file.
    func reload(by actor: UserID?) async -> Bool {
        let isLoaded = registrySource.reload(today: time.now().day, log: log)
        if isLoaded { health.adopt(registry) }
        await audit("registry.reload", registrySource.path, by: actor, ["loaded": .bool(isLoaded)])
        return isLoaded
    }

    func metricsText() async -> String {
        let today = await engine.spend.today()
        var inFlight: [(labels: String, value: String)] = []
        var spent: [(labels: String, value: String)] = []
        var breakers: [(labels: String, value: String)] = []
        for provider in registry.providers {
            let report = health.report(of: provider)
            inFlight.append(("provider=\"\(provider.id)\"", "\(report.inFlight)"))
            spent.append(("provider=\"\(provider.id)\"", "\(today[.provider(provider.id)] ?? .zero)"))
            for row in report.breakers {
                breakers.append(
                    ("provider=\"\(provider.id)\",model=\"\(row.model)\"", row.state == .closed ? "0" : "1")
                )
            }
        }
        return metrics.text([
            ("orchestrator_jobs_running", "Jobs accepted and not ended.", [("", "\(runner.count)")]),
            ("orchestrator_calls_in_flight", "Calls under way at each provider.", inFlight),
            ("orchestrator_spend_today_usd", "Dollars spent today, reservations included.", spent),
            ("orchestrator_breaker_open", "1 while a model rests after failures.", breakers),
            (
                "orchestrator_registry_reload_failed", "1 while the file has mistakes.",
                [
                    ("", registrySource.lastErrors.isEmpty ? "0" : "1")
                ]
            ),
        ])
    }
}
