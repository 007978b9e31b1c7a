import FakeVendors
import Foundation
import Orchestrator
import Testing

/// Running the daemon: reloads, keys, secrets, stored pictures, restarts.
@Suite(.timeLimit(.minutes(3))) struct OperationTests {
    static func onlyStability(_ registry: inout RegistryText) { registry = registry.only("stability") }

    /// How a changed file gets noticed.
    enum Trigger: CaseIterable, Sendable {
        case signal, file, route
    }

    @Test(arguments: Trigger.allCases)
    func `a changed registry serves the next request, and none in between fails`(trigger: Trigger) async throws {
        try await Scene.play({ $0.server = ["allow_private_urls: true", "watch: \(trigger == .file)"] }) { scene in
            let before = try await scene.generate()
            #expect(before.header("x-orchestrator-provider") == "replicate")
            let changed = scene.farm.registry.only("stability", "openai").with {
                $0.server = ["allow_private_urls: true", "watch: \(trigger == .file)"]
            }
            async let load = Self.underLoad(scene)
            try scene.daemon.configure(changed.text)
            switch trigger {
            case .signal: scene.daemon.signal(SIGHUP)
            case .file: break
            case .route: #expect(try await scene.client.post("/v1/admin/reload", [:]).status == 200)
            }
            // The new registry has no Replicate: asking until it is gone is the only thing a client can see.
            var provider: String? = "replicate"
            while provider == "replicate", !Task.isCancelled {
                provider = try await scene.generate().header("x-orchestrator-provider")
            }
            #expect(provider == "openai")
            #expect(try await load.allSatisfy { $0 == 200 })
        }
    }

    private static func underLoad(_ scene: Scene) async throws -> [Int] {
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<24 { group.addTask { try await scene.generate().status } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    @Test func `a broken file leaves the running registry in place and says where it is broken`() async throws {
        try await Scene.play { scene in
            try scene.daemon.configure("version: 1\nproviders:\n  openai: {adapter: nothing}\n")
            let reload = try await scene.client.post("/v1/admin/reload", [:])
            #expect(reload.status >= 400)
            #expect(try await scene.generate().status == 200)
            let registry = try await scene.client.get("/v1/admin/registry")
            #expect(registry.text.contains("unknown adapter"), "\(registry.text.prefix(500))")
        }
    }

    @Test func `no secret shows anywhere`() async throws {
        try await Scene.play { scene in
            for vendor in scene.farm.vendors {
                vendor.script(.fail(.badKey), .fail(.server))
            }
            var seen: [UInt8] = []
            for pin in PictureRequestTests.pins {
                for _ in 0..<3 {
                    let reply = try await scene.generate(["model": .string(pin)])
                    seen += reply.body + Array(reply.headers.map { "\($0.name): \($0.value)\n" }.joined().utf8)
                }
            }
            for path in ["/metrics", "/v1/admin/registry", "/v1/admin/providers", "/v1/models", "/v1/jobs", "/health"] {
                seen += try await scene.client.get(path).body
            }
            #expect(await scene.daemon.stop() == 0)
            seen += scene.daemon.outputBytes
            for file in scene.files() { seen += try Data(contentsOf: file) }
            for secret in scene.farm.secrets { #expect(!seen.contains(secret)) }
        }
    }

    @Test func `a wrong or missing key is refused`() async throws {
        try await Scene.play { scene in
            for key in ["ork_wrong", nil] {
                let reply = try await scene.daemon.client(key: key).post(Scene.generations, ["prompt": "a"])
                #expect(reply.status == 401 && reply.errorCode == "invalid_api_key", "\(reply.text)")
            }
            #expect(scene.farm.creates.isEmpty)
        }
    }

    @Test func `a private picture opens by its signed link and by nothing less`() async throws {
        try await Scene.play { scene in
            let reply = try await scene.generate(["response_format": "url"])
            let link = try #require(reply.json?["data"]?[0]?["url"]?.string)
            let path = Scene.path(of: link)
            let anybody = scene.daemon.client(key: nil)
            let bytes = scene.farm.vendors.flatMap(\.pictures).first?.bytes
            #expect(try await anybody.get(path).body == bytes)
            let bare = String(path.prefix { $0 != "?" })
            #expect([401, 403, 404].contains(try await anybody.get(bare).status))
            let forged = String(path.dropLast()) + (path.hasSuffix("0") ? "1" : "0")
            #expect([401, 403, 404].contains(try await anybody.get(forged).status))
        }
    }

    @Test func `a stored picture is served with ranges, tags and HEAD`() async throws {
        try await Scene.play { scene in
            let reply = try await scene.generate(["response_format": "url"])
            let link = try #require(reply.json?["data"]?[0]?["url"]?.string)
            let path = Scene.path(of: link)
            let picture = try #require(scene.farm.vendors.flatMap(\.pictures).first)
            let whole = try await scene.client.get(path)
            #expect(whole.header("content-type") == "image/png")
            #expect(whole.header("x-content-type-options") == "nosniff")
            let tag = try #require(whole.header("etag"))
            #expect(tag == "\"\(picture.sha256)\"")
            #expect(try await scene.client.with("if-none-match", tag).get(path).status == 304)
            let head = try await scene.client.send("HEAD", path)
            #expect(head.status == 200 && head.header("content-length") == String(picture.bytes.count))
            let part = try await scene.client.with("range", "bytes=10-19").get(path)
            #expect(part.status == 206 && part.body == Array(picture.bytes[10...19]))
            #expect(part.header("content-range") == "bytes 10-19/\(picture.bytes.count)")
            let beyond = try await scene.client.with("range", "bytes=99999999-").get(path)
            #expect(beyond.status == 416)
        }
    }

    @Test(arguments: [false, true])
    func `a restart keeps jobs and pictures`(isKilled: Bool) async throws {
        // A fixed address in links: the port is another one after the restart.
        let server = ["public_url: http://pictures.example"]
        try await Scene.play({ $0.server += server }) { scene in
            let reply = try await scene.generate(["response_format": "url"])
            let before = try await scene.job(reply)
            let link = try #require(reply.json?["data"]?[0]?["url"]?.string)
            try await scene.daemon.restart(isKilled: isKilled)
            #expect(try await scene.job(reply) == before)
            let stored = try await scene.client.get(Scene.path(of: link))
            #expect(stored.body == scene.farm.vendors.flatMap(\.pictures).first?.bytes)
            #expect(scene.farm.creates.count == 1)
        }
    }

    @Test func `a request that is being served when the daemon is told to stop still gets its picture`() async throws {
        try await Scene.play(Self.onlyStability) { scene in
            let gate = Gate()
            scene.farm.stability.script(.held(by: gate))
            async let reply = scene.generate()
            await scene.farm.stability.until { $0.inFlight == 1 }
            scene.daemon.signal(SIGTERM)
            gate.open()
            let status = try await reply.status
            #expect(status == 200)
            #expect(await scene.daemon.untilExit() == 0)
        }
    }

    @Test func `a caller who leaves changes nothing: the job ends and its picture stays`() async throws {
        try await Scene.play(Self.onlyStability) { scene in
            let gate = Gate()
            scene.farm.stability.script(.held(by: gate))
            let body: JSON = ["prompt": "a fox", "quality": "low"]
            try await scene.client.abandon(.json(Scene.generations, key: scene.daemon.adminKey, body))
            await scene.farm.stability.until { $0.inFlight == 1 }
            gate.open()
            var job: JSON?
            while job?["status"] != "succeeded", job?["status"] != "failed", !Task.isCancelled {
                job = try await scene.client.get("/v1/jobs").json?["data"]?[0]
            }
            #expect(job?["status"] == "succeeded")
            #expect(job?["cost_usd"] == "0.03")
            let link = try #require(job?["images"]?[0]?["url"]?.string)
            let stored = try await scene.client.get(Scene.path(of: link))
            #expect(stored.body == scene.farm.stability.pictures.first?.bytes)
            #expect(scene.farm.stability.creates.count == 1)
        }
    }

    @Test func `a cap on a provider's calls holds under load`() async throws {
        try await Scene.play({ registry in
            registry = registry.only("stability")
            registry["stability"].extra = ["max_in_flight: 2"]
        }) { scene in
            let statuses = try await Self.underLoad(scene)
            #expect(statuses.allSatisfy { [200, 429, 503].contains($0) })
            #expect(scene.farm.stability.entries.peakInFlight <= 2)
        }
    }
}
