import FakeVendors
import Foundation
import Orchestrator
import Testing

/// What operators are told, once.
@Suite(.timeLimit(.minutes(3))) struct AlertTests {
    /// Takes what is posted.
    private final class Inbox: Sendable {
        private struct State: Sendable {
            var posts: [JSON] = []
            var refusals = 0
        }

        private let state = Lock(State())
        let server: LoopbackServer

        init() throws {
            let state = state
            server = try LoopbackServer { request, send in
                let isRefused = state.withLock { state in
                    if state.refusals > 0 {
                        state.refusals -= 1
                        return true
                    }
                    if let body = try? JSON(parsing: request.body) { state.posts.append(body) }
                    return false
                }
                send(FakeReply(isRefused ? 500 : 204))
            }
        }

        func refuse(_ count: Int) { state.withLock { $0.refusals = count } }

        /// `firing error_rate` and the like, in the order of arrival.
        var news: [String] {
            state.withLock { $0.posts }.map { post in
                "\(post.value(at: "/data/status")?.string ?? "?") \(post.value(at: "/data/rule")?.string ?? "?")"
            }
        }

        func until(_ count: Int) async throws {
            let end = Date().addingTimeInterval(30)
            while news.count < count, Date() < end { try await Task.sleep(for: .milliseconds(50)) }
        }
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
            try await inbox.until(2)
            #expect(inbox.news.sorted() == ["firing error_rate", "firing provider_down"])
            try await scene.daemon.restart()
            // The next look of all rules comes within a second; nothing is known yet, so nothing is told.
            for _ in 0..<6 { #expect(try await scene.generate(Self.openAI).status >= 500) }
            try await Task.sleep(for: .milliseconds(2500))
            #expect(inbox.news.count == 2)
            scene.farm.openAI.script(then: .ok)
            for _ in 0..<8 {
                _ = try await scene.generate(Self.openAI)
                try await Task.sleep(for: .milliseconds(300))
            }
            try await inbox.until(4)
            #expect(inbox.news.suffix(2).sorted() == ["resolved error_rate", "resolved provider_down"])
            #expect(inbox.news.count == 4)
        }
    }

    @Test func `spend near its cap and a job that does not end are told of`() async throws {
        try await Self.play("spend_of_cap: 0.8, stuck_job: 1s", limits: ["spend_per_day: 0.021"]) { scene, inbox in
            for _ in 0..<3 { #expect(try await scene.generate(Self.openAI).status == 200) }
            try await inbox.until(1)
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
            try await inbox.until(2)
            #expect(inbox.news == ["firing spend_of_cap", "firing stuck_job"])
            let id = try #require(submitted.json?["id"]?.string)
            _ = try await scene.client.post("/v1/jobs/\(id)/cancel", [:])
            try await inbox.until(3)
            #expect(inbox.news.last == "resolved stuck_job")
        }
    }
}
