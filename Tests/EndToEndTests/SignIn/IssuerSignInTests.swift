import FakeVendors
import Foundation
import Orchestrator
import Testing

/// Sign-in by tokens that an issuer signs: Google by discovery, Apple by forms.
@Suite(.timeLimit(.minutes(3))) struct IssuerSignInTests {
    private static let app = "test.pictures.app"

    private static func play(
        _ kind: FakeIssuer.Kind,
        _ body: (Scene, FakeIssuer) async throws -> Void
    ) async throws {
        let issuer = try FakeIssuer(kind)
        defer { issuer.stop() }
        let name = kind == .google ? "google" : "apple"
        let section =
            kind == .google
            ? "google: {client_id: \(issuer.clientID), client_secret: \"${ISSUER_SECRET}\", issuer: \(issuer.issuer)}"
            : "apple: {client_id: \(issuer.clientID), team_id: \(issuer.team), key_id: \(issuer.ours.keyID), "
                + "private_key: \"${APPLE_KEY}\", issuer: \(issuer.issuer), bundle_ids: [\(app), test.other.app]}"
        try await Scene.play(
            { $0.extra = ["auth:", "  " + section] },
            environment: ["ISSUER_SECRET": issuer.clientSecret, "APPLE_KEY": issuer.ours.pem]
        ) { scene in
            issuer.register(scene.daemon.base + "/v1/auth/\(name)/callback")
            try await body(scene, issuer)
            #expect(issuer.invalid.isEmpty)
            #expect(!scene.daemon.output.contains(issuer.clientSecret))
        }
    }

    @Test func `whom Google vouches for is signed in, and its keys are asked for once`() async throws {
        try await Self.play(.google) { scene, issuer in
            for _ in 0..<3 {
                let browser = Traveller(scene.daemon)
                let arrived = try await browser.signIn("google")
                #expect(arrived.status == 303, "\(arrived.text)")
                #expect(try await browser.get("/v1/auth/me").json?["email"]?.string == "gee@example.test")
            }
            #expect(issuer.keyCalls == 1)
        }
    }

    static let faults: [FakeIssuer.Fault] = [
        .otherKey, .unsigned, .brokenSignature, .unknownKey, .missing, .claims(["iss": "https://evil.test"]),
        .claims(["aud": "another.client"]), .claims(["aud": ["another.client"]]), .claims(["azp": "another.client"]),
        .claims(["aud": ["fake.client", "another.client"]]), .claims(["exp": 1_000_000_000]), .claims(["exp": .null]),
        .claims(["iat": 9_000_000_000]), .claims(["nbf": 9_000_000_000]), .claims(["nonce": "another"]),
        .claims(["nonce": .null]), .claims(["sub": .null]), .claims(["sub": ""]),
    ]

    @Test func `a token that is not right in every way signs nobody in`() async throws {
        try await Self.play(.google) { scene, issuer in
            for fault in Self.faults {
                issuer.spoil(fault)
                let browser = Traveller(scene.daemon)
                let ticket = try await browser.travel("google")
                let reply = try await browser.redeem(ticket, "google")
                #expect(reply.status == 401 || reply.status == 400, "\(fault): \(reply.text)")
                let other = try await browser.signIn("google")
                #expect(other.status == 401 || other.status == 400, "\(fault): \(other.text)")
                #expect(browser.cookies["orchestrator_session"] == nil)
            }
            let users = try await scene.client.get("/v1/admin/users").json?["data"]?.array
            #expect(users?.count == 1, "nobody was made but the administrator")
            issuer.spoil(.claims(["aud": ["fake.client", "another.client"], "azp": "fake.client"]))
            let browser = Traveller(scene.daemon)
            #expect(try await browser.signIn("google").status == 303)
        }
    }

    @Test func `Apple leads back by a form, after a secret that we signed`() async throws {
        try await Self.play(.apple) { scene, _ in
            for _ in 0..<2 {
                let browser = Traveller(scene.daemon)
                let ticket = try await browser.travel("apple", PercentEncoding.form([("return_to", "/history")]))
                let arrived = try await browser.arrive(ticket, byForm: true)
                #expect(arrived.status == 303 && arrived.header("location") == "/history", "\(arrived.text)")
                #expect(try await browser.get("/v1/auth/me").json?["email"]?.string == "gee@example.test")
                #expect(try await browser.arrive(ticket, byForm: true).status == 400)
            }
            let program = Traveller(scene.daemon)
            let ticket = try await program.travel("apple")
            let reply = try await program.redeem(ticket, "apple")
            #expect(reply.status == 200 && reply.json?["email"]?.string == "gee@example.test", "\(reply.text)")
        }
    }

    // MARK: - Apps

    /// As an app does: it draws a nonce and gives Apple its hash.
    private static func postNative(
        _ scene: Scene,
        _ issuer: FakeIssuer,
        app: String = app,
        nonce: String = "nonce-" + UUID().uuidString,
        hash: String? = nil
    ) async throws -> ClientReply {
        let token = issuer.nativeToken(app, nonce: hash ?? SHA256.hex(Array(nonce.utf8)))
        return try await scene.daemon.client(key: nil).post(
            "/v1/auth/apple/native",
            ["id_token": .string(token), "nonce": .string(nonce)]
        )
    }

    @Test func `an app signs in by the token that Apple gave it, each token once`() async throws {
        try await Self.play(.apple) { scene, issuer in
            let first = try await Self.postNative(scene, issuer)
            #expect(first.status == 200 && first.header("cache-control") == "no-store", "\(first.text)")
            #expect(first.json?["email"]?.string == "gee@example.test" && first.json?["is_new"] == true)
            let key = try #require(first.json?["api_key"]?.string)
            let me = try await scene.daemon.client(key: key).get("/v1/auth/me")
            #expect(me.json?["id"] == first.json?["user_id"])
            // The other app, and the web: the same person.
            let other = try await Self.postNative(scene, issuer, app: "test.other.app")
            #expect(other.json?["user_id"] == first.json?["user_id"] && other.json?["is_new"] == false)
            let browser = Traveller(scene.daemon)
            #expect(try await browser.arrive(try await browser.travel("apple"), byForm: true).status == 303)
            #expect(try await browser.get("/v1/auth/me").json?["id"] == first.json?["user_id"])

            let nonce = "nonce-" + UUID().uuidString
            let token = issuer.nativeToken(Self.app, nonce: SHA256.hex(Array(nonce.utf8)))
            let body: JSON = ["id_token": .string(token), "nonce": .string(nonce)]
            let stranger = scene.daemon.client(key: nil)
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<5 {
                    group.addTask { try await stranger.post("/v1/auth/apple/native", body).status }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [200, 401, 401, 401, 401])
            try await scene.daemon.restart()
            let later = try await scene.daemon.client(key: nil).post("/v1/auth/apple/native", body)
            #expect(later.status == 401, "\(later.text)")
        }
    }

    @Test func `an app's token that is not right in every way signs nobody in`() async throws {
        try await Self.play(.apple) { scene, issuer in
            for fault in Self.faults where !fault.isNoToken {
                issuer.spoil(fault)
                let reply = try await Self.postNative(scene, issuer)
                #expect(reply.status == 401, "\(fault): \(reply.text)")
            }
            issuer.spoil(.none)
            // For the web, for another's app; not the nonce's hash; the hash itself shown for the nonce.
            for app in [issuer.clientID, "test.evil.app", ""] {
                #expect(try await Self.postNative(scene, issuer, app: app).status == 401, "\(app)")
            }
            let nonce = "0123456789abcdef0123456789abcdef"
            #expect(try await Self.postNative(scene, issuer, nonce: nonce, hash: nonce).status == 401)
            #expect(try await Self.postNative(scene, issuer, hash: "other").status == 401)
            #expect(try await Self.postNative(scene, issuer, nonce: "short").status == 400)
            let stranger = scene.daemon.client(key: nil)
            for body in [["id_token": "x"], ["nonce": .string(nonce)], [:], ["id_token": 1, "nonce": 2]] as [JSON] {
                #expect(try await stranger.post("/v1/auth/apple/native", body).status == 400)
            }
            let garbage: JSON = ["id_token": "a.b.c", "nonce": .string(nonce)]
            #expect(try await stranger.post("/v1/auth/apple/native", garbage).status == 401)
            let page = stranger.with("origin", "https://evil.test")
            #expect(try await page.post("/v1/auth/apple/native", garbage).status == 403)
            let users = try await scene.client.get("/v1/admin/users").json?["data"]?.array
            #expect(users?.count == 1, "nobody was made but the administrator")
        }
    }

    @Test func `where no app is listed there is no sign-in from apps`() async throws {
        try await Self.play(.google) { scene, issuer in
            let reply = try await Self.postNative(scene, issuer)
            #expect(reply.status == 404 && reply.errorCode == "not_found", "\(reply.text)")
        }
    }
}

extension FakeIssuer.Fault {
    /// Whether there is no token at all, which no app sends.
    fileprivate var isNoToken: Bool {
        if case .missing = self { true } else { false }
    }
}
