import FakeVendors
import Orchestrator
import Testing

/// Calls at once never spend more in a day than the operator allows, whatever the vendors do.
@Suite(.timeLimit(.minutes(2))) struct DailyCapTests {
    /// Whose spend is bounded.
    enum Bound: CaseIterable, Sendable {
        case all, provider, key
    }

    /// The cheapest picture costs 3,000 micro-dollars, so five of them fit.
    private static let cap = "0.015"
    private static let fitting = 5

    private static func bounded(_ bound: Bound, _ names: [String], by cap: String) -> (inout RegistryText) -> Void {
        { registry in
            registry.providers = names.map { registry[$0] }
            if bound == .all { registry.limits[3] = "spend_per_day: \(cap)" }
            if bound == .provider { registry["replicate"].spendPerDay = cap }
        }
    }

    /// A client whose key is bounded where that is what the test is about.
    private static func client(_ scene: Scene, _ bound: Bound, by cap: String) async throws -> HTTPClient {
        guard bound == .key else { return scene.client }
        let made = try await scene.client.post("/v1/keys", ["name": "small", "spend_per_day": .string(cap)])
        return scene.daemon.client(key: try #require(made.json?["key"]?.string, "\(made.text)"))
    }

    private static func generate(times: Int, _ client: HTTPClient) async throws -> [ClientReply] {
        try await withThrowingTaskGroup(of: ClientReply.self) { group in
            for _ in 0..<times {
                group.addTask { try await client.post(Scene.generations, .object(Customer.wish)) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    /// What the owner sees as spent, unresolved attempts at their worst; in micro-dollars, by provider.
    private static func spent(_ scene: Scene) async throws -> [String: Int64] {
        let rows = try #require(try await scene.client.get("/v1/usage/providers").json?["data"]?.array)
        return Dictionary(
            uniqueKeysWithValues: try rows.map { row in
                let figures = try ["cost_usd", "unresolved_usd"].map { name in
                    try MicroUSD(decimal: try #require(row[name]?.string))
                }
                return (row["provider"]?.string ?? "", figures.reduce(0) { $0 + $1.micros })
            }
        )
    }

    @Test(arguments: Bound.allCases)
    func `as many are served as fit, and the others told that the day's budget is spent`(bound: Bound) async throws {
        try await Scene.play(Self.bounded(bound, ["replicate"], by: Self.cap)) { scene in
            let client = try await Self.client(scene, bound, by: Self.cap)
            let replies = try await Self.generate(times: 20, client)
            #expect(replies.count { $0.status == 200 } == Self.fitting)
            for reply in replies where reply.status != 200 {
                #expect(reply.status == 429 && reply.errorCode == "daily_budget_exceeded", "\(reply.text)")
                #expect(reply.header("retry-after").flatMap { Int($0) }.map { (1...86_400).contains($0) } == true)
            }
            #expect(scene.farm.chargedMicroUSD == 15_000)
            #expect(try await Self.spent(scene) == ["replicate": 15_000])
        }
    }

    @Test func `who finds one provider's budget spent is served by the next`() async throws {
        try await Scene.play(Self.bounded(.provider, ["replicate", "stability"], by: Self.cap)) { scene in
            let replies = try await Self.generate(times: 12, scene.client)
            #expect(replies.allSatisfy { $0.status == 200 })
            #expect(scene.farm.vendors.map(\.creates.count) == [0, 12 - Self.fitting, Self.fitting])
        }
    }

    /// What the first vendor does to each call.
    static let troubles: [(String, Step)] = [
        ("refuses", .fail(.server)), ("breaks off", .closeBeforeHead), ("sends noise", .noise),
    ]

    @Test(arguments: [Bound.all, .key], troubles)
    func `attempts that fail and those that follow them stay below the cap together`(
        bound: Bound,
        trouble: (name: String, step: Step)
    ) async throws {
        let cap = "0.1"
        try await Scene.play(Self.bounded(bound, ["replicate", "stability"], by: cap)) { scene in
            scene.farm.replicate.script(then: trouble.step)
            let client = try await Self.client(scene, bound, by: cap)
            let replies = try await Self.generate(times: 20, client)
            let served = replies.count { $0.status == 200 }
            #expect(served == scene.farm.stability.pictures.count && served >= 1)
            #expect(replies.allSatisfy { [200, 429].contains($0.status) }, "\(replies.map(\.text))")
            #expect(scene.farm.chargedMicroUSD <= 100_000)
            let spent = try await Self.spent(scene)
            #expect(spent.values.reduce(0, +) <= 100_000, "\(spent)")
            // The house's own count is never less than the vendors'.
            #expect(spent.values.reduce(0, +) >= Int64(scene.farm.chargedMicroUSD), "\(spent)")
        }
    }
}
