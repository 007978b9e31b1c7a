import FakeVendors
import Foundation
import Orchestrator
import PostgresTestServer
import Testing

/// Two daemons with directories of their own on one PostgreSQL database.
@Suite(.timeLimit(.minutes(4))) struct SharedDatabaseTests {
    private struct Pair: Sendable {
        let farm: VendorFarm
        let one: DaemonProcess
        let other: DaemonProcess
        let url: String
    }

    private static let key = "ork_admin_shared_by_both"

    private static func play(
        _ change: (inout RegistryText) -> Void = { _ in },
        _ body: (Pair) async throws -> Void
    ) async throws {
        let url = try await SharedPostgresServer.fresh()
        let farm = try VendorFarm()
        let text = farm.registry.with {
            $0.extra.append("database: ${DATABASE_URL}")
            change(&$0)
        }.text
        let environment = farm.environment.merging(["DATABASE_URL": url, "ORCHESTRATOR_ADMIN_KEY": key]) { $1 }
        let one = try DaemonProcess(text, environment: environment)
        let other = try DaemonProcess(text, environment: environment)
        var problem: (any Error)?
        do {
            try await one.start()
            // Pictures are files here: what two daemons serve has to be in one place.
            try FileManager.default.createDirectory(at: other.dataDirectory, withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(
                at: other.dataDirectory.appendingPathComponent("artifacts"),
                withDestinationURL: one.dataDirectory.appendingPathComponent("artifacts")
            )
            try await other.start()
            try await body(Pair(farm: farm, one: one, other: other, url: url))
        } catch {
            Issue.record("the daemons' output:\n\(one.output.suffix(3000))\n---\n\(other.output.suffix(3000))")
            problem = error
        }
        for daemon in [one, other] {
            daemon.kill()
            await daemon.untilExit()
        }
        _ = try? await WorkerThread.run { farm.stop() }
        if let problem { throw problem }
    }

    private static let fox: JSON = [
        "prompt": "a fox", "quality": "low", "size": "1024x1024", "model": "openai/gpt-image-2",
    ]

    /// Asks again until the answer has a status, within some seconds.
    private static func reply(
        _ status: Int,
        within seconds: Int = 5,
        _ ask: () async throws -> ClientReply
    ) async throws -> ClientReply {
        let limit = ContinuousClock.now + .seconds(seconds)
        while true {
            let reply = try await ask()
            if reply.status == status || ContinuousClock.now > limit { return reply }
        }
    }

    @Test func `a key made at one is good at the other, and revoked it is good at neither`() async throws {
        try await Self.play { pair in
            let made = try await pair.one.client.post("/v1/keys", ["name": "shared"])
            let key = try #require(made.json?["key"]?.string)
            let id = try #require(made.json?["id"]?.string)
            let visitor = pair.other.client(key: key)
            #expect(try await Self.reply(200, within: 1) { try await visitor.get("/v1/jobs") }.status == 200)
            let revoked = try await pair.one.client.send("DELETE", "/v1/keys/\(id)")
            #expect(revoked.status == 200 || revoked.status == 204)
            let started = ContinuousClock.now
            #expect(try await Self.reply(401) { try await visitor.get("/v1/jobs") }.status == 401)
            #expect(ContinuousClock.now - started < .seconds(2))
        }
    }

    @Test func `a job of one is polled, watched and cancelled at the other, whose links are good at both`() async throws
    {
        try await Self.play { pair in
            let gate = Gate()
            pair.farm.openAI.script(.held(by: gate))
            let asking = pair.one.client.with("prefer", "respond-async")
            let job = try #require(try await asking.post(Scene.generations, Self.fox).json?["id"]?.string)
            await pair.farm.openAI.until { $0.creates.count == 1 }
            let other = pair.other.client
            #expect(try await other.get("/v1/jobs/\(job)").json?["status"]?.string == "running")
            async let watched = other.get("/v1/jobs/\(job)/events")
            gate.open()
            #expect(try await watched.events.last { $0.data != nil }?.data?["status"]?.string == "succeeded")
            let done = try await other.get("/v1/jobs/\(job)")
            let link = try #require(done.json?.value(at: "/images/0/url")?.string)
            for daemon in [pair.one, pair.other] {
                #expect(try await daemon.client(key: nil).get(Scene.path(of: link)).status == 200)
            }

            let second = Gate()
            pair.farm.openAI.script(.held(by: second))
            let held = try #require(try await asking.post(Scene.generations, Self.fox).json?["id"]?.string)
            await pair.farm.openAI.until { $0.creates.count == 2 }
            let canceled = try await other.post("/v1/jobs/\(held)/cancel", [:])
            #expect(canceled.status == 200, "\(canceled.text)")
            #expect(try await pair.one.client.get("/v1/jobs/\(held)").json?["status"]?.string == "canceled")
            second.open()
        }
    }

    @Test func `one Idempotency-Key at both daemons is one call to the vendor`() async throws {
        try await Self.play { pair in
            let gate = Gate()
            pair.farm.openAI.script(.held(by: gate))
            let clients = (0..<10).map { number in
                (number % 2 == 0 ? pair.one : pair.other).client.with("idempotency-key", "k1")
            }
            let replies = try await withThrowingTaskGroup(of: ClientReply.self) { group in
                for client in clients { group.addTask { try await client.post(Scene.generations, Self.fox) } }
                await pair.farm.openAI.until { $0.creates.count == 1 }
                gate.open()
                return try await group.reduce(into: []) { $0.append($1) }
            }
            // Who came while it ran may have been told so; asked again, all get the one job.
            #expect(replies.allSatisfy { $0.status == 200 || $0.status == 409 }, "\(replies.map(\.status))")
            for client in clients {
                let reply = try await Self.reply(200) { try await client.post(Scene.generations, Self.fox) }
                #expect(reply.status == 200)
                #expect(reply.header("x-job-id") == replies.first { $0.status == 200 }?.header("x-job-id"))
            }
            #expect(pair.farm.openAI.creates.count == 1)
        }
    }

    @Test func `limits hold for both daemons together`() async throws {
        try await Self.play({ $0.limits = ["per_key: 3/hour"] }) { pair in
            var statuses: [Int] = []
            for number in 0..<6 {
                let daemon = number % 2 == 0 ? pair.one : pair.other
                statuses.append(try await daemon.client.post(Scene.generations, Self.fox).status)
            }
            #expect(statuses == [200, 200, 200, 429, 429, 429])
        }
    }

    @Test func `what a daemon that is killed was at, the other goes on with`() async throws {
        try await Self.play { pair in
            let gate = Gate()
            pair.farm.openAI.script(.held(by: gate))
            let asking = pair.one.client.with("prefer", "respond-async")
            let job = try #require(try await asking.post(Scene.generations, Self.fox).json?["id"]?.string)
            await pair.farm.openAI.until { $0.creates.count == 1 }
            pair.one.kill()
            await pair.one.untilExit()
            gate.open()
            // The lease is good for half a minute, by the database's clock.
            #expect(await pair.other.untilOutput(contains: "a job was taken over"))
            let ended = try await pair.other.client.get("/v1/jobs/\(job)/events")
            let status = ended.events.last { $0.data != nil }?.data?["status"]?.string
            #expect(status == "succeeded" || status == "failed", "\(ended.text)")
            let stopped = await pair.other.stop()
            #expect(stopped == 0)
            let check = try await DaemonProcess.command(
                ["verify-ledger", "--config", pair.other.configurationPath],
                environment: pair.farm.environment.merging(["DATABASE_URL": pair.url]) { $1 }
            )
            #expect(check.status == 0 && check.output.contains("ok"), "\(check.output)")
        }
    }

    @Test func `commands work while daemons run`() async throws {
        try await Self.play { pair in
            #expect(try await pair.one.client.post(Scene.generations, Self.fox).status == 200)
            let environment = pair.farm.environment.merging(["DATABASE_URL": pair.url]) { $1 }
            func run(_ words: [String]) async throws -> (status: Int32, output: String) {
                try await DaemonProcess.command(
                    words + ["--config", pair.one.configurationPath],
                    environment: environment
                )
            }
            let check = try await run(["verify-ledger"])
            #expect(check.status == 0 && check.output.contains("1 jobs"), "\(check.output)")
            #expect(!check.output.contains("secret-"))
            let migrated = try await run(["migrate"])
            #expect(migrated.status == 0 && migrated.output.contains("nothing to do"), "\(migrated.output)")
            let made = try await run(["keys", "create", "admin@localhost"])
            #expect(made.status == 0, "\(made.output)")
            let key = try #require(made.output.split { " \n\"".contains($0) }.first { $0.hasPrefix("ork_") })
            #expect(try await pair.other.client(key: String(key)).get("/v1/jobs").status == 200)
        }
    }
}
