import Testing

@testable import Orchestrator

@Suite struct PlannerTests {
    // MARK: Policies

    static let orders: [(String, [String])] = [
        ("price", ["cheap/poor", "middle/fair", "dear/best"]),
        ("quality", ["dear/best", "middle/fair", "cheap/poor"]),
        ("fast", ["middle/fair", "cheap/poor", "dear/best"]),
    ]

    @Test(arguments: orders)
    func `each policy puts the candidates into its order`(policy: String, names: [String]) throws {
        let plan = try Registry.three.plan(.sample { $0.routing.policy = policy })
        #expect(plan.names == names && plan.policy == policy && plan.excluded.isEmpty)
    }

    @Test func `the request's policy comes before the model's, the key's and the file's`() throws {
        func policy(_ wish: String?, _ model: String, _ key: String?) throws -> String {
            let request = ImageRequest.sample {
                $0.routing.policy = wish
                $0.model = model
            }
            return try Registry.three.plan(request, for: CallerTerms(policy: key)).policy
        }
        #expect(try policy("fast", "auto/quality", "balanced") == "fast")
        #expect(try policy(nil, "auto/quality", "balanced") == "quality")
        #expect(try policy(nil, "auto", "balanced") == "balanced")
        #expect(try policy(nil, "auto", nil) == "price")
    }

    @Test func `names that mean nothing are errors of the routing field`() {
        for adjust: (inout ImageRequest) -> Void in [
            { $0.routing.policy = "nope" }, { $0.routing.providers = ["nobody"] }, { $0.routing.exclude = ["nobody"] },
        ] {
            let error = apiError { try Registry.three.plan(.sample(.generate, adjust)) }
            #expect(error?.status == 400 && error?.param?.hasPrefix("routing") == true)
        }
    }

    @Test func `a policy that is a list tries its models and no others`() throws {
        let registry = Registry.sample(Registry.three.providers) {
            $0.policies["mine"] = RoutingPolicy(.order(["dear/best", "cheap/poor", "gone/model"]))
        }
        let plan = try registry.plan(.sample { $0.routing.policy = "mine" })
        #expect(plan.names == ["dear/best", "cheap/poor"])
        #expect(plan.constraints == ["middle/fair": .order])
    }

    // MARK: Who may serve

    @Test func `providers are chosen and left out by name`() throws {
        let chosen = try Registry.three.plan(.sample { $0.routing.providers = ["dear", "cheap"] })
        #expect(chosen.names == ["cheap/poor", "dear/best"] && chosen.constraints == ["middle/fair": .provider])
        let without = try Registry.three.plan(.sample { $0.routing.exclude = ["cheap"] })
        #expect(without.names == ["middle/fair", "dear/best"] && without.constraints == ["cheap/poor": .provider])
        #expect(try Registry.three.plan(.sample { $0.routing.providers = [] }).candidates.isEmpty)
    }

    @Test func `a disabled provider serves nobody, even when it is asked for by name`() throws {
        var registry = Registry.three
        registry.providers[2].availability = .disabled
        #expect(try registry.plan().constraints == ["cheap/poor": .enabled])
        let pinned = try registry.plan(.sample { $0.model = "cheap/poor" })
        #expect(
            pinned.candidates.isEmpty && pinned.refusal(at: Timestamp(milliseconds: 0)).code == "no_eligible_provider"
        )
        #expect(pinned.refusal(at: Timestamp(milliseconds: 0)).message.contains("cheap/poor is disabled"))
    }

    @Test func `a stand-in serves only while nobody else is configured`() throws {
        var registry = Registry.three
        registry.providers[2].availability = .whenAlone
        #expect(try registry.plan().constraints == ["cheap/poor": .whenAlone])
        registry.providers[0].availability = .disabled
        #expect(try registry.plan().names == ["middle/fair"])
        registry.providers[1].availability = .disabled
        #expect(try registry.plan().names == ["cheap/poor"])
    }

    @Test func `a stand-in does not answer what the real vendors just cannot do`() throws {
        var registry = Registry.three
        registry.providers[2].availability = .whenAlone
        for index in 0..<2 { registry.providers[index].models[0].capabilities.operations = [.generate] }
        #expect(try registry.plan(.sample(.edit)).candidates.isEmpty)
    }

    @Test func `a model is retired from the day on, not before`() throws {
        var registry = Registry.three
        registry.providers[2].models[0].retires = Day("2026-12-01")
        #expect(try registry.plan(on: "2026-11-30").names.contains("cheap/poor"))
        #expect(try registry.plan(on: "2026-12-01").constraints == ["cheap/poor": .retired])
        #expect(try registry.plan(on: "2027-01-01").constraints == ["cheap/poor": .retired])
    }

    @Test func `where callers must bring their keys, others' providers are no candidates but local kinds are`() throws {
        var registry = Registry.three
        registry.providers.append(Provider(id: "local", kind: "local-stub", adapter: StubLocalAdapter()))
        registry.providers[3].models = [.sample("draw")]
        let plan = try registry.plan(for: CallerTerms(ownKeys: ["dear"]))
        #expect(Set(plan.names) == ["dear/best", "local/draw"])
        #expect(plan.constraints == ["middle/fair": .key, "cheap/poor": .key])
    }

    // MARK: Money

    @Test func `the ceiling is the lower of the request's and the policy's, for the whole request`() throws {
        var registry = Registry.three
        registry.policies["price"] = RoutingPolicy(.cost, maxCost: usd("0.05"))
        func names(_ count: Int, _ ceiling: String?) throws -> [String] {
            try registry.plan(
                .sample {
                    $0.count = count; $0.routing.maxCost = ceiling.map(usd)
                }
            ).names
        }
        #expect(try names(1, nil) == ["cheap/poor", "middle/fair", "dear/best"])
        #expect(try names(2, nil) == ["cheap/poor", "middle/fair"])
        #expect(try names(1, "0.02") == ["cheap/poor", "middle/fair"])
        #expect(try names(1, "0.019999") == ["cheap/poor"])
        #expect(try names(2, "1000") == ["cheap/poor", "middle/fair"])
        #expect(try names(1, "0") == [])
        #expect(
            try registry.plan(.sample { $0.routing.maxCost = .zero }).constraints.values.allSatisfy { $0 == .maxCost }
        )
    }

    @Test func `the cost is the price times the count`() throws {
        for count in 1...10 {
            let plan = try Registry.three.plan(.sample { $0.count = count })
            #expect(plan.candidates.map(\.cost.micros) == [3000, 20_000, 40_000].map { $0 * Int64(count) })
        }
    }

    @Test func `a provider whose cap has less left than the request costs is no candidate`() throws {
        var health = HealthSnapshot()
        health.remainingSpend = ["cheap": usd("0.002999"), "middle": usd("0.02")]
        let plan = try Registry.three.plan(.sample(), health: health)
        #expect(plan.names == ["middle/fair", "dear/best"] && plan.constraints == ["cheap/poor": .spendPerDay])
        health.remainingSpend = ["cheap": .zero, "middle": .zero, "dear": .zero]
        let broke = try Registry.three.plan(.sample(), health: health).refusal(at: Timestamp(milliseconds: 0))
        #expect(broke.status == 429 && broke.code == "daily_budget_exceeded")
    }

    @Test func `prices by size follow the size that is asked of the model`() throws {
        let table = PriceTable(
            bySize: [size("1024x1024"): usd("0.01"), size("1536x1024"): usd("0.015")],
            otherwise: nil
        )
        let registry = Registry.sample([
            .sample(
                "a",
                [
                    .sample("m") {
                        $0.tiers[0].price = table; $0.capabilities.shapes = .any
                    }
                ]
            )
        ])
        func cost(_ text: String) throws -> String? {
            try registry.plan(.sample { $0.size = PixelSize(text) }).candidates.first?.cost.description
        }
        #expect(try cost("1024x1024") == "0.01")
        #expect(try cost("1536x1024") == "0.015")
        #expect(try cost("auto") == "0.015")
        #expect(try registry.plan(.sample { $0.size = size("64x64") }).constraints == ["a/m": .price])
    }

    @Test func `a price for the vendor's own choice and for other sizes is used where it stands`() {
        var table = PriceTable(bySize: [size("1024x1024"): usd("0.01")], otherwise: usd("0.05"))
        #expect(table.price(for: nil) == usd("0.05") && table.price(for: size("9x9")) == usd("0.05"))
        table.automatic = usd("0.02")
        #expect(table.price(for: nil) == usd("0.02") && table.price(for: size("1024x1024")) == usd("0.01"))
    }

    // MARK: Quality

    static let tiers = Registry.sample([
        .sample(
            "a",
            [
                .sample("m", score: 60) {
                    $0.tiers = [.sample(.low, "0.01"), .sample(.medium, "0.04"), .sample(.high, "0.16", score: 95)]
                }
            ]
        )
    ]) { $0.policies["listed"] = RoutingPolicy(.order(["a/m"])) }

    static let resolved: [(String, Tier)] = [
        ("price", .low), ("fast", .low), ("balanced", .low), ("listed", .low), ("quality", .high),
    ]

    @Test(arguments: resolved)
    func `quality auto is the cheapest tier, and the best under quality`(policy: String, tier: Tier) throws {
        #expect(try Self.tiers.plan(.sample { $0.routing.policy = policy }).candidates.map(\.offer.tier) == [tier])
    }

    @Test func `of equal prices the lower tier is taken`() throws {
        var registry = Self.tiers
        registry.providers[0].models[0].tiers = [
            .sample(.low, "0.02"), .sample(.medium, "0.02"), .sample(.high, "0.01"),
        ]
        #expect(try registry.plan().candidates.map(\.offer.tier) == [.high])
        registry.providers[0].models[0].tiers[2] = .sample(.high, "0.02")
        #expect(try registry.plan().candidates.map(\.offer.tier) == [.low])
    }

    @Test func `quality auto steps down to the best tier under the ceiling`() throws {
        func tier(_ ceiling: String) throws -> Tier? {
            try Self.tiers.plan(
                .sample {
                    $0.routing.policy = "quality"; $0.routing.maxCost = usd(ceiling)
                }
            )
            .candidates.first?.offer.tier
        }
        #expect(try tier("0.2") == .high && tier("0.1") == .medium && tier("0.02") == .low && tier("0.001") == nil)
    }

    @Test func `a tier that a model lacks is never replaced by another`() throws {
        #expect(try Self.tiers.plan(.sample { $0.quality = .tier(.max) }).constraints == ["a/m": .quality])
    }

    @Test func `the least score counts for the tier that is served`() throws {
        func plan(_ least: Double, _ quality: Quality = .auto) throws -> Plan {
            try Self.tiers.plan(
                .sample {
                    $0.routing.minScore = least; $0.quality = quality
                }
            )
        }
        #expect(try plan(60).candidates.map(\.offer.tier) == [.low])
        // The low tier scores too little, the high one does not.
        #expect(try plan(61).candidates.map(\.offer.tier) == [.high])
        #expect(try plan(96).constraints == ["a/m": .minScore])
        #expect(try plan(61, .tier(.low)).constraints == ["a/m": .minScore])
    }

    @Test func `a model without a score never reaches a least score and ranks last`() throws {
        let registry = Registry.sample([
            .sample("none", [.sample("m", price: "0.001")]), .sample("some", [.sample("m", price: "0.5", score: 1)]),
        ])
        #expect(try registry.plan(.sample { $0.routing.policy = "quality" }).names == ["some/m", "none/m"])
        #expect(try registry.plan(.sample { $0.routing.minScore = 0.5 }).constraints == ["none/m": .minScore])
    }

    @Test func `a variation is scored as an edit`() throws {
        let registry = Registry.sample([
            .sample("a", [.sample("m") { $0.scores = [.generate: 10, .edit: 20] }])
        ])
        #expect(try registry.plan(.sample(.variation)).candidates.first?.score == 20)
        #expect(try registry.plan(.sample(.generate)).candidates.first?.score == 10)
    }

    // MARK: Health

    @Test func `a resting model is left out, but never the last ones left`() throws {
        var health = HealthSnapshot()
        health.open = [ModelReference(provider: "cheap", model: "poor")]
        let plan = try Registry.three.plan(.sample(), health: health)
        #expect(plan.names == ["middle/fair", "dear/best"] && plan.constraints == ["cheap/poor": .breaker])
        #expect(try Registry.three.plan(.sample { $0.model = "poor" }, health: health).names == ["cheap/poor"])
        health.open = Set(plan.candidates.map(\.reference)).union(health.open)
        #expect(try Registry.three.plan(.sample(), health: health).names == ["cheap/poor", "middle/fair", "dear/best"])
    }

    @Test func `a measured latency comes before the declared one`() throws {
        var health = HealthSnapshot()
        health.latency = [ModelReference(provider: "dear", model: "best"): .milliseconds(5)]
        let plan = try Registry.three.plan(.sample { $0.routing.policy = "fast" }, health: health)
        #expect(plan.names.first == "dear/best" && plan.candidates.first?.latency == .milliseconds(5))
    }

    // MARK: The rest of the plan

    @Test func `the wishes for attempts and fallback are the plan's, else the file's`() throws {
        let usual = try Registry.three.plan()
        #expect(usual.maxAttempts == 4 && usual.mayFallBack && usual.fidelity == .adapt)
        let wished = try Registry.three.plan(
            .sample {
                $0.routing.maxAttempts = 1
                $0.routing.fallback = false
                $0.routing.fidelity = .strict
            }
        )
        #expect(wished.maxAttempts == 1 && !wished.mayFallBack && wished.fidelity == .strict)
    }

    @Test func `equal inputs give equal plans`() throws {
        for policy in RoutingPolicy.standard.keys {
            let plans = try (0..<20).map { _ in try Registry.three.plan(.sample { $0.routing.policy = policy }).names }
            #expect(Set(plans).count == 1)
        }
    }
}
