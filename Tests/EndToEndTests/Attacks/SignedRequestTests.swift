import FakeVendors
import Foundation
import Orchestrator
import Testing

/// Requests that are signed instead of carrying their key: what altered, old and repeated ones get.
@Suite(.timeLimit(.minutes(3))) struct SignedRequestTests {
    /// Somebody who signs, written apart from the daemon.
    struct Signer {
        var signingKey: String

        init(_ scene: Scene, key: String) async throws {
            let reply = try await scene.daemon.client(key: key).post("/v1/auth/signing-key", [:])
            #expect(reply.status == 200 && reply.header("cache-control") == "no-store", "\(reply.text)")
            signingKey = try #require(reply.json?["signing_key"]?.string)
        }

        /// A client whose next request is signed for this.
        func client(
            _ client: HTTPClient,
            _ method: String,
            _ target: String,
            _ body: [UInt8] = [],
            skew: Int = 0,
            nonce: String = UUID().uuidString
        ) -> HTTPClient {
            let seconds = Int(Date().timeIntervalSince1970) + skew
            let digest = SHA256.hex(body)
            let lines = ["v1", method, target, "\(seconds)", nonce, digest].joined(separator: "\n")
            return client.with("authorization", "Signed " + signingKey.split(separator: "_")[1])
                .with("x-signature-timestamp", "\(seconds)").with("x-signature-nonce", nonce)
                .with("x-content-sha256", digest)
                .with("x-signature", "v1=" + PaymentCode.hex(Array(lines.utf8), key: signingKey))
        }

        func get(_ scene: Scene, _ target: String) async throws -> ClientReply {
            try await client(scene.daemon.client(key: nil), "GET", target).get(target)
        }
    }

    private static let order = (["prompt": "a fox", "quality": "low", "size": "1024x1024"] as JSON).serialized()

    @Test func `a signed request is its key's, once`() async throws {
        try await Scene.play { scene in
            let key = scene.daemon.adminKey
            let signer = try await Signer(scene, key: key)
            #expect(try await signer.get(scene, "/v1/jobs?limit=2&status=succeeded").status == 200)
            let stranger = scene.daemon.client(key: nil).with("content-type", "application/json")
            let signed = signer.client(stranger, "POST", Scene.generations, Self.order)
            // Copies at once, over connections of several event loops.
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<12 {
                    group.addTask { try await signed.send("POST", Scene.generations, body: Self.order).status }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [200] + Array(repeating: 401, count: 11))
            #expect(scene.farm.creates.count == 1)
            let late = try await signed.send("POST", Scene.generations, body: Self.order)
            #expect(late.status == 401 && late.text.contains("used before"), "\(late.text)")
            // Nor after a restart, when nobody remembers it.
            let kept = signer.client(scene.daemon.client(key: nil), "GET", "/v1/jobs", skew: -2)
            try await scene.daemon.restart()
            let moved = HTTPClient(port: scene.daemon.client.port)
            var again = kept
            again.port = moved.port
            let forgotten = try await again.get("/v1/jobs")
            #expect(forgotten.status == 401 && forgotten.errorCode == "invalid_api_key", "\(forgotten.text)")
            // What was fetched before still signs.
            #expect(try await signer.get(scene, "/v1/jobs").status == 200)
            // Neither key is anywhere but with its owner.
            let secret = Array(signer.signingKey.utf8.suffix(64))
            for file in scene.files() where !file.path.hasSuffix("admin.key") {
                let bytes = try Data(contentsOf: file)
                #expect(bytes.firstRange(of: Data(secret)) == nil, "\(file.path)")
            }
            #expect(!scene.daemon.output.contains(String(decoding: secret, as: UTF8.self)))
        }
    }

    @Test func `a request that is not the one that was signed does nothing`() async throws {
        try await Scene.play { scene in
            let signer = try await Signer(scene, key: scene.daemon.adminKey)
            let other = try #require(try await scene.client.post("/v1/keys", ["name": "other"]).json)
            let foreign = try await Signer(scene, key: try #require(other["key"]?.string))
            let stranger = scene.daemon.client(key: nil).with("content-type", "application/json")
            let path = Scene.generations
            func good(_ skew: Int = 0) -> HTTPClient { signer.client(stranger, "POST", path, Self.order, skew: skew) }
            let empty = SHA256.hex([])
            let cases: [(String, HTTPClient, String, String, [UInt8])] = [
                ("body", good(), "POST", path, Self.order + [UInt8(ascii: " ")]),
                ("shorter body", good(), "POST", path, Array(Self.order.dropLast())),
                ("no body", good(), "POST", path, []),
                ("hash of another body", good().with("x-content-sha256", empty), "POST", path, Self.order),
                ("path", good(), "POST", "/v1/images/edits", Self.order),
                ("spelling of the path", good(), "POST", "/v1/images/generation%73", Self.order),
                ("query", good(), "POST", path + "?a=1", Self.order),
                ("method", signer.client(stranger, "GET", "/v1/keys"), "POST", "/v1/keys", []),
                ("old", good(-310), "POST", path, Self.order), ("of tomorrow", good(310), "POST", path, Self.order),
                (
                    "time", good().with("x-signature-timestamp", "\(Int(Date().timeIntervalSince1970) + 5)"), "POST",
                    path, Self.order
                ),
                ("nonce", good().with("x-signature-nonce", "another-nonce"), "POST", path, Self.order),
                ("no nonce", good().with("x-signature-nonce", nil), "POST", path, Self.order),
                ("no time", good().with("x-signature-timestamp", nil), "POST", path, Self.order),
                ("no hash", good().with("x-content-sha256", nil), "POST", path, Self.order),
                ("no code", good().with("x-signature", nil), "POST", path, Self.order),
                ("empty code", good().with("x-signature", "v1="), "POST", path, Self.order),
                ("other version", good().with("x-signature", "v2=00"), "POST", path, Self.order),
                (
                    "another's key",
                    good().with("authorization", "Signed " + foreign.signingKey.split(separator: "_")[1]),
                    "POST", path, Self.order
                ),
                (
                    "nobody's key", good().with("authorization", "Signed " + String(repeating: "0", count: 64)), "POST",
                    path, Self.order
                ),
                ("no key", good().with("authorization", "Signed x"), "POST", path, Self.order),
            ]
            for (name, client, method, target, body) in cases {
                let reply = try await client.send(method, target, body: body)
                #expect(reply.status == 401 && reply.errorCode == "invalid_api_key", "\(name): \(reply.text)")
            }
            #expect(scene.farm.creates.isEmpty)
            #expect(try await good().send("POST", path, body: Self.order).status == 200)
            // Who signs by a key that has ended signs by none.
            #expect(try await foreign.get(scene, "/v1/jobs").status == 200)
            _ = try await scene.client.send("DELETE", "/v1/keys/\(other["id"]?.string ?? "")")
            #expect(try await foreign.get(scene, "/v1/jobs").status == 401)
        }
    }

    @Test func `the signature holds for a form and a body without length, to the last byte`() async throws {
        try await Scene.play { scene in
            let signer = try await Signer(scene, key: scene.daemon.adminKey)
            // Of several pieces, so that no part of it is looked at alone.
            let form = FormBody().field("prompt", "a hat").field("quality", "low").field("size", "1024x1024")
                .file("image", Scene.png()).field("note", String(repeating: "n", count: 400_000))
            let body = form.bytes
            let stranger = scene.daemon.client(key: nil).with("content-type", form.contentType)
            var altered = body
            altered[body.count - 100] ^= 1
            let refused = try await signer.client(stranger, "POST", Scene.edits, body)
                .send("POST", Scene.edits, body: altered)
            #expect(refused.status == 401, "\(refused.text)")
            #expect(scene.farm.creates.isEmpty)
            let taken = try await signer.client(stranger, "POST", Scene.edits, body)
                .send("POST", Scene.edits, body: body)
            #expect(taken.status == 200, "\(taken.text)")

            let json = scene.daemon.client(key: nil).with("content-type", "application/json")
                .with("transfer-encoding", "chunked").with("connection", "close")
            func chunked(_ bytes: [UInt8]) -> [UInt8] {
                let signed = signer.client(json, "POST", Scene.generations, Self.order)
                var text = signed.request("POST", Scene.generations)
                for piece in [bytes.prefix(7), bytes.dropFirst(7)] {
                    text += Array("\(String(piece.count, radix: 16))\r\n".utf8)
                    text += piece
                    text += Array("\r\n".utf8)
                }
                text += Array("0\r\n\r\n".utf8)
                return text
            }
            #expect(try await json.raw(chunked(Self.order)).status == 200)
            #expect(try await json.raw(chunked(Self.order + [UInt8(ascii: "\n")])).status == 401)
        }
    }

    @Test func `where signatures are wanted, no key is taken as it is`() async throws {
        try await Scene.play({ $0.extra = ["auth: {signed_requests: required}"] }) { scene in
            let bare = try await scene.client.get("/v1/jobs")
            #expect(bare.status == 401 && bare.text.contains("signed requests only"), "\(bare.text)")
            #expect(
                try await scene.client.with("authorization", nil).with("x-api-key", scene.daemon.adminKey)
                    .get("/v1/jobs").status == 401
            )
            let signer = try await Signer(scene, key: scene.daemon.adminKey)
            #expect(try await signer.get(scene, "/v1/jobs").status == 200)
            // Browsers have sessions, and go on.
            let browser = Browser(scene.daemon)
            _ = try await browser.signUp("fay@example.test")
            #expect(try await browser.client.get("/v1/auth/me").status == 200)
            #expect(try await browser.post("/v1/auth/signing-key", [:]).status == 403)
        }
    }

    @Test func `orchestratorctl signs where it has a signing key`() async throws {
        try await Scene.play({ $0.extra = ["auth: {signed_requests: required}"] }) { scene in
            let signer = try await Signer(scene, key: scene.daemon.adminKey)
            let plain = try Control(scene.daemon.base, key: scene.daemon.adminKey)
            #expect(try await plain.run(["usage"]).status == 1)
            let control = try Control(
                scene.daemon.base,
                key: scene.daemon.adminKey,
                ["ORCHESTRATOR_SIGNING_KEY": signer.signingKey]
            )
            let used = try await control.run(["usage", "--json"])
            #expect(used.status == 0, "\(used.error)")
            let picture = try control.write(Scene.png(), as: "a \"b\".png")
            // By query, by JSON, by a form; and the answer's picture.
            for arguments in [
                ["generate", "a fox", "-q", "low", "-s", "1024x1024", "-o", control.path("out")],
                ["edit", picture, "a hat", "-q", "low", "-s", "1024x1024", "-o", control.path("out")],
                ["jobs", "list", "--json"],
            ] {
                let ran = try await control.run(arguments)
                #expect(ran.status == 0, "\(arguments[0]): \(ran.error)")
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: control.path("out")).count == 2)
            let wrong = try Control(scene.daemon.base, ["ORCHESTRATOR_SIGNING_KEY": "ork_x"])
            #expect(try await wrong.run(["usage"]).status == 2)
        }
    }
}
