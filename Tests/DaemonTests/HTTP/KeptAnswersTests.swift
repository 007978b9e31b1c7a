import Orchestrator
import Testing
import Transport

@testable import Daemon

@Suite struct KeptAnswersTests {
    @Test func `a secret is not in the text that is kept`() throws {
        let answer = HTTPResponse.json(["id": "key_1", "key": "ork_secret", "name": "shop"], status: 201)
        let kept = try #require(try JSON(parsing: KeptAnswers.text(of: answer, without: ["key", "other"])).object)
        #expect(kept == ["id": "key_1", "key": .null, "name": "shop", "replayed": true])
        #expect(KeptAnswers.text(of: answer, without: []) == #"{"id":"key_1","key":"ork_secret","name":"shop"}"#)
    }

    @Test(arguments: [
        (200, false), (201, false), (400, true), (401, true), (404, true), (409, true), (429, true), (500, false),
        (502, false), (503, true),
    ])
    func `what was refused may be tried again, what may have had an effect may not`(status: Int, isRefusal: Bool) {
        #expect(KeptAnswers.isRefusal(status) == isRefusal)
    }
}

@Suite struct RouteAccessTests {
    /// Routes that are open to every key, whatever it is limited to: they tell of nothing that is anybody's, or, a session
    /// for a key, refuse a limited one themselves.
    private static let forEveryKey: Set<String> = [
        "GET /v1/models", "GET /v1/models/{model}*", "POST /v1/moderations", "POST /v1/routes/explain",
        "GET /v1/auth/me", "POST /v1/auth/signing-key", "POST /v1/credits/estimate", "POST /v1/auth/session",
    ]

    @Test func `each route that needs a caller states the scope that a key needs`() {
        let open = Daemon.routes.routes.filter { $0.access == .caller }.map { "\($0.method.rawValue) \($0.path)" }
        #expect(Set(open) == Self.forEveryKey)
    }

    @Test func `what is under admin is for administrators`() {
        let routes = Daemon.routes.routes.filter { $0.path.hasPrefix("/v1/admin") }
        #expect(!routes.isEmpty && routes.allSatisfy { $0.access == .admin })
    }
}
