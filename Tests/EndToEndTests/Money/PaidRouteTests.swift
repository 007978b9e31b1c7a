import FakeVendors
import Foundation
import Orchestrator
import Testing

/// Every route by which somebody can make the house pay a vendor, against everything that is to stop them.
@Suite(.timeLimit(.minutes(3))) struct PaidRouteTests {
    /// One way to have a picture made.
    enum Paid: String, CaseIterable, Sendable {
        case generation = "/v1/images/generations"
        case edit = "/v1/images/edits"
        case variation = "/v1/images/variations"
        case gallery = "/api/generate"

        func ask(_ client: HTTPClient) async throws -> ClientReply {
            switch self {
            case .generation:
                try await client.post(rawValue, ["prompt": "a fox", "quality": "high", "size": "1024x1024"])
            case .gallery: try await client.post(rawValue, ["prompt": "a fox in the snow"])
            case .edit, .variation:
                try await client.post(
                    rawValue,
                    FormBody().field("prompt", "a hat").field("quality", "high").field("size", "1024x1024")
                        .file("image", Scene.png())
                )
            }
        }

        /// Its own words for a status, where they are not OpenAI's.
        func isCode(_ reply: ClientReply, _ code: String) -> Bool {
            reply.errorCode == code || reply.json?["error"]?.string == code
        }
    }

    /// POSTs that call no vendor for pictures. A new route has to be put here, or into the matrix.
    private static let free: Set<String> = [
        "/v1/moderations", "/v1/routes/explain", "/v1/jobs/{job}/cancel", "/v1/images/{image}/report", "/v1/keys",
        "/v1/credits/estimate", "/v1/credits/purchase", "/v1/auth/signup", "/v1/auth/login", "/v1/auth/logout",
        "/v1/auth/password", "/v1/auth/session", "/v1/auth/visit", "/v1/auth/signing-key", "/v1/auth/device/code",
        "/v1/auth/device/token", "/v1/auth/device/approve", "/v1/auth/github/callback", "/v1/auth/google/callback",
        "/v1/auth/apple/callback", "/v1/auth/apple/native", "/v1/webhooks/stripe", "/v1/webhooks/creem",
        "/v1/webhooks/replicate",
    ]

    @Test func `no other route can make a picture`() async throws {
        try await Scene.play { scene in
            let paths = try #require(try await scene.client.get("/openapi.json").json?["paths"]?.object)
            let posts = paths.filter { $0.value["post"] != nil }.map(\.key).filter { !$0.hasPrefix("/v1/admin/") }
            let known = Self.free.union(Paid.allCases.map(\.rawValue))
            #expect(Set(posts).subtracting(known) == [], "neither paid nor free")
        }
    }

    @Test func `without a key, beyond a limit or a budget, nothing is asked of a vendor`() async throws {
        try await Scene.play { scene in
            for paid in Paid.allCases {
                for client in [scene.daemon.client(key: nil), scene.daemon.client(key: "ork_wrong")] {
                    let reply = try await paid.ask(client.with("origin", "http://127.0.0.1"))
                    #expect(reply.status == 401, "\(paid): \(reply.text)")
                }
            }
            #expect(scene.farm.creates.isEmpty)
        }
        // A limit of its own, and one for all ways together.
        for (limit, code) in [
            ("per_key: 1/hour", "rate_limit_exceeded"), ("per_ip: 1/hour", "rate_limit_exceeded"),
            ("global: 1/hour", "global_rate_limit_exceeded"),
        ] {
            try await Scene.play({
                let name = limit.prefix { $0 != ":" }
                $0.limits = $0.limits.filter { !$0.hasPrefix(name) } + [limit]
            }) { scene in
                #expect(try await scene.generate().status == 200)
                for paid in Paid.allCases {
                    let reply = try await paid.ask(scene.client)
                    #expect(reply.status == 429 && paid.isCode(reply, code), "\(limit), \(paid): \(reply.text)")
                    #expect(reply.header("retry-after") != nil)
                }
                #expect(scene.farm.creates.count == 1)
            }
        }
        try await Scene.play({
            $0.limits = $0.limits.filter { !$0.hasPrefix("spend_per_day") } + ["spend_per_day: 0.0001"]
        }) {
            scene in
            for paid in Paid.allCases {
                let reply = try await paid.ask(scene.client)
                #expect(
                    reply.status == 429 && paid.isCode(reply, "daily_budget_exceeded"),
                    "\(paid): \(reply.text)"
                )
            }
            #expect(scene.farm.creates.isEmpty)
        }
        try await Scene.play({
            $0.server.append("mode: official")
            $0.extra += ["billing: {daily_free: 0}"]
        }) { scene in
            let customer = try await Customer(scene)
            for paid in Paid.allCases {
                let reply = try await paid.ask(customer.client)
                #expect(reply.status == 402 && paid.isCode(reply, "insufficient_credits"), "\(paid): \(reply.text)")
            }
            #expect(scene.farm.creates.isEmpty)
        }
    }

    // MARK: Lists

    @Test func `no list gives more than its page, whatever is asked`() async throws {
        try await Scene.play({ $0.server.append("images_public: true") }) { scene in
            let me = try #require(try await scene.client.get("/v1/auth/me").json?["id"]?.string)
            for _ in 0..<3 { #expect(try await scene.generate().status == 200) }
            let lists = [
                "/v1/images", "/v1/images/user/\(me)", "/v1/jobs", "/v1/admin/users", "/v1/admin/audit", "/api/images",
            ]
            for list in lists {
                for wrong in [
                    "per_page=-1", "per_page=0", "per_page=1000", "limit=-1", "limit=0", "limit=1000", "limit=abc",
                    "page=0", "page=-5",
                ] {
                    let reply = try await scene.client.get("\(list)?\(wrong)")
                    let rows = reply.json?["data"]?.array ?? reply.json?["images"]?.array ?? []
                    // Refused, or a parameter that this list does not have; never the whole table.
                    #expect(
                        reply.status == 400 || reply.status == 200 && rows.count <= 100,
                        "\(list)?\(wrong): \(reply.status)"
                    )
                }
            }
            for wrong in ["per_page=-1", "per_page=0", "limit=-1", "limit=1000", "page=0"] {
                #expect(try await scene.daemon.client(key: nil).get("/v1/images?\(wrong)").status == 400, "\(wrong)")
            }
            let far = try await scene.client.get("/v1/images?page=100000000&per_page=100")
            #expect(far.status == 400 || far.json?["data"]?.array?.isEmpty == true, "\(far.text)")
        }
    }
}
