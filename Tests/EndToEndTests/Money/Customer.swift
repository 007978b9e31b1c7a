import FakeVendors
import Foundation
import Orchestrator
import Testing

/// Somebody with an account, a key and credits at a daemon that charges.
struct Customer: Sendable {
    /// What a customer has, in credits.
    struct Funds: Equatable {
        var balance: Int?
        var reserved: Int?
        var freeLeft: Int?

        static func exactly(_ balance: Int, reserved: Int = 0, freeLeft: Int = 0) -> Funds {
            Funds(balance: balance, reserved: reserved, freeLeft: freeLeft)
        }
    }

    let id: String
    let key: String
    private let daemon: DaemonProcess

    init(_ scene: Scene, _ name: String = "someone", credits: Int = 0) async throws {
        daemon = scene.daemon
        let browser = Browser(scene.daemon)
        id = try #require(try await browser.signUp("\(name)@example.test").json?["id"]?.string)
        key = try #require(try await browser.post("/v1/keys", ["name": "mine"]).json?["key"]?.string)
        guard credits > 0 else { return }
        let given = try await scene.client.post(
            "/v1/admin/credits/adjust",
            ["user_id": .string(id), "amount": .integer(credits), "reason": "gift"]
        )
        try #require(given.json?["new_balance"]?.int == credits, "\(given.text)")
    }

    /// At the daemon's present address.
    var client: HTTPClient { daemon.client(key: key) }

    static let wish: JSONObject = ["prompt": "a fox", "quality": "low", "size": "1024x1024"]

    /// Asks for one cheap picture, and whatever else.
    func generate(_ members: [String: JSON] = [:], repeats key: String? = nil) async throws -> ClientReply {
        try await client.with("idempotency-key", key).post(Scene.generations, Self.body(members))
    }

    /// The same without waiting; the job's id.
    func submit(_ members: [String: JSON] = [:]) async throws -> String {
        let reply = try await client.with("prefer", "respond-async").post(Scene.generations, Self.body(members))
        try #require(reply.status == 202, "\(reply.text)")
        return try #require(reply.json?["id"]?.string)
    }

    /// Asks for the same so many times at once.
    func generate(times: Int, _ members: [String: JSON] = [:], repeats key: String? = nil) async throws
        -> [ClientReply]
    {
        try await withThrowingTaskGroup(of: ClientReply.self) { group in
            for _ in 0..<times { group.addTask { try await generate(members, repeats: key) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    static func body(_ members: [String: JSON]) -> JSON {
        var body = wish
        for (name, value) in members { body[name] = value }
        return .object(body)
    }

    /// Waits for a job's end.
    func end(of job: String) async throws -> JSON {
        _ = try await client.get("/v1/jobs/\(job)/events")
        return try #require(try await client.get("/v1/jobs/\(job)").json)
    }

    func funds() async throws -> Funds {
        let reply = try await client.get("/v1/credits/balance")
        let body = try #require(reply.json, "\(reply.text)")
        return Funds(
            balance: body["balance"]?.int,
            reserved: body["reserved"]?.int,
            freeLeft: body["daily_free_left"]?.int
        )
    }

    /// Kind and amount of each line of the statement, oldest first; of one job, or of all.
    func lines(of job: String? = nil) async throws -> [String] {
        let reply = try await client.get("/v1/credits/transactions?per_page=100")
        let rows = try #require(reply.json?["transactions"]?.array, "\(reply.text)")
        return rows.reversed().filter { job == nil || $0["reference_id"]?.string == job }
            .map { "\($0["type"]?.string ?? "?") \($0["amount"]?.int ?? 0)" }
    }
}

extension Scene {
    /// Official mode with the usual prices and one vendor; `billing` are more lines.
    static func official(
        _ billing: [String] = ["daily_free: 0"],
        vendor: String = "replicate"
    ) -> (inout RegistryText) -> Void {
        { registry in
            registry = registry.only(vendor)
            registry.server.append("mode: official")
            registry.extra += ["billing:"] + billing.map { "  \($0)" }
        }
    }

    var recordPath: String { daemon.dataDirectory.appending(path: "orchestrator.sqlite").path }

    /// The first row of a query to the record, its values apart by spaces.
    func record(_ query: String) async throws -> String {
        let script = """
            import sqlite3, sys
            base = sqlite3.connect('file:' + sys.argv[1] + '?mode=ro', uri=True)
            print(*base.execute(sys.argv[2]).fetchone())
            """
        let ran = try await Shell.run(
            ["python3", "-c", script, recordPath, query],
            in: daemon.directory,
            environment: ["PATH": "/usr/bin:/bin"]
        )
        try #require(ran.status == 0, "\(ran.output)")
        return ran.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Stops the daemon and has every sum, line and link of its books checked; nothing may still be held.
    func expectSoundBooks(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        await daemon.stop()
        let checked = try await DaemonProcess.command(
            ["verify-ledger", "--config", daemon.configurationPath, "--data-dir", daemon.dataDirectory.path],
            environment: daemon.environment
        )
        #expect(
            checked.status == 0 && checked.output.contains(" 0 open holds"),
            "\(checked.output)",
            sourceLocation: sourceLocation
        )
    }
}
