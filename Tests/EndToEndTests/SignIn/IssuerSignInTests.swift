import FakeVendors
import Foundation
import Orchestrator
import Testing

/// Sign-in by tokens that an issuer signs: Google by discovery, Apple by forms.
@Suite(.timeLimit(.minutes(3))) struct IssuerSignInTests {
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
                + "private_key: \"${APPLE_KEY}\", issuer: \(issuer.issuer)}"
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
}
