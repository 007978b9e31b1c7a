import FakeVendors
import Foundation
import Orchestrator
import Testing

/// Who may call what (OWASP API1 and API5): each route of the running daemon, by everybody who may not.
@Suite(.timeLimit(.minutes(3))) struct AuthorisationTests {
    /// One operation of the daemon's own description.
    private struct Operation: Sendable, CustomStringConvertible {
        var method: String
        var path: String
        /// Nothing to show is needed.
        var isOpen: Bool

        var description: String { "\(method) \(path)" }

        /// With something in place of what is open in the path.
        func path(job: String, image: String, key: String, user: String) -> String {
            path.replacing("{job}", with: job).replacing("{image}", with: image).replacing("{key}", with: key)
                .replacing("{user}", with: user).replacing("{model}", with: "auto")
                .replacing("{device_code}", with: "none").replacing("{file}", with: "none.png")
        }
    }

    private static func operations(of scene: Scene) async throws -> [Operation] {
        let paths = try #require(try await scene.client.get("/openapi.json").json?["paths"]?.object)
        return paths.flatMap { path, item in
            (item.object ?? [:]).map { method, operation in
                let ways = operation["security"]?.array ?? []
                return Operation(
                    method: method.uppercased(),
                    path: path,
                    isOpen: ways.isEmpty || ways.contains(.object([:]))
                )
            }
        }
    }

    /// Written down here once more: a route that the daemon takes for less is found out.
    private static let administrative = [
        "/v1/admin/", "/v1/usage/system", "/v1/usage/providers", "/v1/usage/drift",
    ]

    private static let nobody = "00000000000000000000000000"

    @Test func `without a key and with a wrong one every closed route is 401, and nothing happens`() async throws {
        try await Scene.play { scene in
            let operations = try await Self.operations(of: scene)
            #expect(operations.count > 50)
            for operation in operations where !operation.isOpen {
                let path = operation.path(
                    job: "job_" + Self.nobody,
                    image: "img_" + Self.nobody,
                    key: "key_" + Self.nobody,
                    user: "usr_" + Self.nobody
                )
                let wrong = "ork_" + String(repeating: "0", count: 32)
                for client in [
                    scene.daemon.client(key: nil), scene.daemon.client(key: wrong),
                    scene.daemon.client(key: nil).with("x-api-key", wrong),
                    scene.daemon.client(key: nil).with("cookie", "orchestrator_session=\(Self.nobody)"),
                    scene.daemon.client(key: nil).with("authorization", "Basic " + Base64.encode(Array("a:b".utf8))),
                ] {
                    let reply = try await Self.ask(client, operation.method, path)
                    #expect(reply.status == 401 && reply.errorCode == "invalid_api_key", "\(operation) \(reply.text)")
                }
            }
            #expect(scene.farm.vendors.allSatisfy { $0.calls.isEmpty })
        }
    }

    @Test func `a user's key opens nothing of administrators`() async throws {
        try await Scene.play { scene in
            let browser = Browser(scene.daemon)
            _ = try await browser.signUp("user@example.test")
            let made = try await browser.post("/v1/keys", ["name": "all"])
            let key = try #require(made.json?["key"]?.string)
            let operations = try await Self.operations(of: scene)
            let closed = operations.filter { operation in
                Self.administrative.contains { operation.path.hasPrefix($0) }
            }
            #expect(closed.count >= 10)
            for operation in closed {
                let byKey = try await Self.ask(scene.daemon.client(key: key), operation.method, operation.path)
                #expect(byKey.status == 403 && byKey.errorCode == "permission_denied", "\(operation) \(byKey.text)")
                let bySession = try await Self.ask(
                    browser.client.with("x-csrf-token", browser.csrfToken),
                    operation.method,
                    operation.path
                )
                #expect(bySession.status == 403, "\(operation) \(bySession.text)")
            }
        }
    }

    @Test func `what is somebody else's is not there`() async throws {
        try await Scene.play { scene in
            let made = try await scene.generate()
            let job = try await scene.job(made)
            let jobID = try #require(job["id"]?.string)
            let image = try #require(job["images"]?[0]?["id"]?.string)
            let owner = try #require(try await scene.client.get("/v1/auth/me").json?["id"]?.string)
            let key = try #require(
                try await scene.client.get("/v1/keys").json?["data"]?[0]?["id"]?.string
            )
            let thief = Browser(scene.daemon)
            _ = try await thief.signUp("thief@example.test")
            let theirs = try await thief.post("/v1/keys", ["name": "all"])
            let client = scene.daemon.client(key: try #require(theirs.json?["key"]?.string))

            for operation in try await Self.operations(of: scene) where operation.path.hasPrefix("/v1/") {
                let path = operation.path(job: jobID, image: image, key: key, user: owner)
                guard path != operation.path, !path.hasSuffix("/auto"), !path.contains("/device/") else { continue }
                let reply = try await Self.ask(client, operation.method, path)
                #expect([403, 404].contains(reply.status), "\(operation) \(reply.text)")
                #expect(!reply.text.contains("fox"), "\(operation) \(reply.text)")
            }
            #expect(try await client.get("/v1/images/zip?ids=\(image)").status == 404)
            #expect(try await client.get("/v1/images/zip?job=\(jobID)").status == 404)
            let edit: JSON = ["prompt": "steal it", "images": [["image_url": .string(image)]]]
            #expect([400, 404].contains(try await client.post(Scene.edits, edit).status))
            let file = try #require(job["images"]?[0]?["url"]?.string)
            let plain = Scene.path(of: file).prefix { $0 != "?" }
            #expect([401, 404].contains(try await client.get(String(plain)).status))
            #expect(try await scene.daemon.client(key: nil).get(String(plain)).status == 401)

            #expect(try await scene.client.get("/v1/jobs/\(jobID)").json?["status"] == "succeeded")
            #expect(try await scene.client.get("/v1/images/\(image)").json?["is_public"] == false)
            #expect(try await scene.client.get("/v1/keys").json?["data"]?[0]?["revoked_at"]?.isNull == true)
        }
    }

    /// With a body that every route takes for a try.
    private static func ask(_ client: HTTPClient, _ method: String, _ path: String) async throws -> ClientReply {
        guard method != "GET" else { return try await client.get(path) }
        return try await client.with("content-type", "application/json").send(
            method,
            path,
            body: Array(#"{"prompt": "a fox", "is_public": true, "is_admin": true, "amount": 5}"#.utf8)
        )
    }
}
