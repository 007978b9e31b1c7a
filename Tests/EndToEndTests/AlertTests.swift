import FakeVendors
import Orchestrator
import Testing

/// What operators are told, once.
@Suite(.timeLimit(.minutes(3))) struct AlertTests {
    /// Takes what is posted.
    private final class Inbox: Sendable {
        private let posts = Watched<[JSON]>([])
        private let refusals = Lock(0)
        let server: LoopbackServer

        init() throws {
            let (posts, refusals) = (posts, refusals)
            server = try LoopbackServer { request, send in
                let isRefused = refusals.withLock { left in
                    left -= 1
                    return left >= 0
                }
                guard !isRefused else { return send(FakeReply(500)) }
                if let body = try? JSON(parsing: request.body) { posts.change { $0.append(body) } }
                send(FakeReply(204))
            }
        }

        func refuse(_ count: Int) { refusals.withLock { $0 = count } }

        /// `firing error_rate` and the like, in the order of arrival.
        var news: [String] {
            posts.value.map { post in
                "\(post.value(at: "/data/status")?.string ?? "?") \(post.value(at: "/data/rule")?.string ?? "?")"
            }
        }

        func until(_ count: Int) async { await posts.until { $0.count >= count } }
    }

    private static func play(
        _ rules: String,
        limits: [String] = [],
        _ body: (Scene, Inbox) async throws -> Void
    ) async throws {
        let inbox = try Inbox()
        defer { inbox.server.stop() }
        try await Scene.play(
            {
                $0.limits += limits
                if !limits.isEmpty { $0.limits.removeAll { $0 == "spend_per_day: 1000.00" } }
                $0.extra += ["alerts: {webhook: \"${ALERT_URL}\", rules: {\(rules)}}"]
            },
            environment: ["ALERT_URL": inbox.server.origin + "/hook?token=abc"]
        ) { try await body($0, inbox) }
    }

    private static let openAI: [String: JSON] = ["model": "openai/gpt-image-2"]

    @Test func `a provider that fails is told of once, also over a restart, and once when it is well`() async throws {
        try await Self.play("error_rate: 0.5, provider_down: 1s") { scene, inbox in
            inbox.refuse(2)
            scene.farm.openAI.script(then: .fail(.server))
            for _ in 0..<6 { #expect(try await scene.generate(Self.openAI).status >= 500) }
            await inbox.until(2)
            #expect(inbox.news.sorted() == ["firing error_rate", "firing provider_down"])
            try await scene.daemon.restart()
            for _ in 0..<6 { #expect(try await scene.generate(Self.openAI).status >= 500) }
            scene.farm.openAI.script(then: .ok)
            while inbox.news.count < 4 {
                try Task.checkCancellation()
                _ = try await scene.generate(Self.openAI)
            }
            let news = inbox.news
            #expect(news.count == 4 && news.prefix(2).allSatisfy { $0.hasPrefix("firing ") }, "\(news)")
            #expect(news.suffix(2).sorted() == ["resolved error_rate", "resolved provider_down"])
        }
    }

    @Test func `spend near its cap and a job that does not end are told of`() async throws {
        try await Self.play("spend_of_cap: 0.8, stuck_job: 1s", limits: ["spend_per_day: 0.021"]) { scene, inbox in
            for _ in 0..<3 { #expect(try await scene.generate(Self.openAI).status == 200) }
            await inbox.until(1)
            #expect(inbox.news == ["firing spend_of_cap"])
            scene.farm.replicate.script(then: .hang)
            let submitted = try await scene.client.with("prefer", "respond-async")
                .post(
                    Scene.generations,
                    [
                        "prompt": "a hen", "quality": "low", "size": "1024x1024",
                        "model": "replicate/black-forest-labs/flux-schnell",
                    ]
                )
            #expect(submitted.status == 202, "\(submitted.text)")
            await inbox.until(2)
            #expect(inbox.news == ["firing spend_of_cap", "firing stuck_job"])
            let id = try #require(submitted.json?["id"]?.string)
            _ = try await scene.client.post("/v1/jobs/\(id)/cancel", [:])
            await inbox.until(3)
            #expect(inbox.news.last == "resolved stuck_job")
        }
    }
}
