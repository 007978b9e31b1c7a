import Orchestrator

extension SettingKeys {
    var routing: Section {
        Section([
            Key("policy", .scalar(.identifier), "Policy for requests that name none.", standard: "price"),
            Key(
                "deadline",
                milliseconds(100...3_600_000),
                "Time for one request from its acceptance.",
                standard: "180s"
            ),
            Key("max_attempts", .scalar(.integer(1...6)), "Attempts for one picture.", standard: 4),
            Key(
                "fidelity",
                word(Fidelity.self, "fidelity"),
                "How far a request may be changed to be served.",
                standard: "adapt"
            ),
            Key(
                "on_refusal",
                word(OnRefusal.self, "reaction"),
                "What a vendor's content refusal does.",
                standard: "stop"
            ),
            Key(
                "on_unknown_outcome",
                word(OnUnknownOutcome.self, "reaction"),
                "What a call without an answer does.",
                standard: "fallback"
            ),
            Key("partial_results", flag, "Whether fewer pictures than asked are delivered.", standard: true),
            Key("policies", policies, "Policies besides price, quality, fast and balanced, or in their place."),
        ])
    }

    private var policies: Shape {
        let share = Shape.scalar(.number(0...1))
        let weights = Section([
            Key("cost", share, "Weight of the price.", standard: 0),
            Key("score", share, "Weight of the score.", standard: 0),
            Key("latency", share, "Weight of the latency.", standard: 0),
        ])
        let order = Shape.list(of: .scalar(.modelName), atLeast: 1)
        let policy = Section(
            [
                Key(
                    required: "rank",
                    .scalar(.word(["cost", "score", "latency", "weighted", "order"], noun: "rank")),
                    "What comes first: the cheapest, the best, the fastest, a mix, or a list."
                ),
                Key("max_cost", .scalar(.dollars), "The most that a whole request may cost."),
            ],
            variants: Variants(
                key: "rank",
                cases: [
                    ("cost", []), ("score", []), ("latency", []),
                    ("weighted", [Key(required: "weights", .section(weights), "Shares, each 0 to 1.")]),
                    (
                        "order",
                        [Key(required: "order", order, "PROVIDER/MODEL, first choice first; no others are used.")]
                    ),
                ]
            )
        )
        return .table(Table(noun: "policy", keys: .identifier, values: .section(policy)))
    }

    var aliases: Shape {
        let alias = Section([
            Key("model", .scalar(.modelName), "The model it stands for; none: whatever the policy chooses."),
            Key("policy", .scalar(.identifier), "Policy by which it is routed."),
            Key(
                "quality",
                .table(Table(noun: "quality", keys: .text, values: word(Tier.self, "tier"))),
                "Tier for each word of `quality`."
            ),
            Key(
                "size",
                .table(Table(noun: "size", keys: .size, values: .scalar(.size))),
                "Size for each size asked for."
            ),
        ])
        return .table(Table(noun: "alias", keys: .modelName, values: .section(alias)))
    }
}
