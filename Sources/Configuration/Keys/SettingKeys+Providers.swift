import Orchestrator

extension SettingKeys {
    var providers: Shape {
        let poll = Section([
            Key("first", milliseconds(10...60_000), "Pause before the first question.", standard: "500ms"),
            Key("max", milliseconds(10...600_000), "Longest pause.", standard: "5s"),
        ])
        let provider = Section(
            [
                Key(
                    required: "adapter",
                    .scalar(.word(kinds.names, noun: "adapter")),
                    "The kind that translates for this vendor."
                ),
                Key(
                    "api_key",
                    .scalar(.secret),
                    "The vendor's key, by reference; while it is not set the provider is left out."
                ),
                Key(
                    "enabled",
                    .scalar(.word(["true", "false", "when-alone"], noun: "value")),
                    "when-alone: only while no other provider can serve.",
                    standard: true
                ),
                Key(
                    "priority",
                    .scalar(.integer(-1000...1000)),
                    "Breaks ties, higher first; then the order in the file.",
                    standard: 0
                ),
                Key("timeout", milliseconds(100...3_600_000), "Time for one attempt.", standard: "180s"),
                Key(
                    "retries",
                    .scalar(.integer(0...2)),
                    "More tries here, for failures known not to be billed.",
                    standard: 1
                ),
                Key("max_in_flight", .scalar(.integer(1...100_000)), "Calls at the same time.", standard: 32),
                Key(
                    "pace",
                    .scalar(.pace),
                    "Calls that may begin in any window of time, such as 150/10s; more wait. None: no limit."
                ),
                Key("spend_per_day", .scalar(.dollars), "Dollars that it may cost in a UTC day; none: no cap."),
                Key("poll", .section(poll), "How often unfinished work is asked after."),
            ],
            variants: Variants(
                key: "adapter",
                cases: kinds.names.map { ($0, keys(of: [$0])) },
                unknown: keys(of: kinds.names)
            )
        )
        return .table(Table(noun: "provider", keys: .identifier, values: .section(provider), atLeast: 1))
    }

    /// What a kind adds to a provider's keys; of several kinds, what any of them does.
    private func keys(of names: [String]) -> [Key] {
        let types = names.compactMap { kinds[$0] }
        let text = "Address of the vendor's API, without trailing slash."
        let mayLackURL = names.count > 1 || types.contains { $0 is any LocalAdapter.Type }
        let url =
            mayLackURL
            ? Key("base_url", .scalar(.serviceURL), text) : Key(required: "base_url", .scalar(.serviceURL), text)
        let schemas = types.reduce(into: [:]) { $0.merge($1.keySchemas) { first, _ in first } }
        func own(_ name: String) -> Key { Key(name, .adapters(schema: schemas[name]), "Read by the adapter.") }
        let ofProvider = Set(types.flatMap { $0.providerKeys }).subtracting(["base_url", "models"]).sorted().map(own)
        let ofModels = Set(types.flatMap { $0.modelKeys }).sorted().map(own)
        let models = Table(noun: "model", keys: .modelName, values: .section(model(ofModels)), atLeast: 1)
        let secret = Key(
            "webhook_secret",
            .scalar(.secret),
            "What the vendor signs its news of finished work with; none: it is asked after alone."
        )
        let ofNews = types.contains { $0 is any AnnouncingAdapter.Type } ? [secret] : []
        return [url] + ofProvider + ofNews + [
            Key(required: "models", .table(models), "The models that are offered, by the vendor's names.")
        ]
    }

    private func model(_ own: [Key]) -> Section {
        let sizes = Shape.either([.list(of: .scalar(.size), atLeast: 1), .section(freeSizes)])
        let score = Shape.scalar(.number(-1_000_000...1_000_000))
        let scores = Section([
            Key("generate", score, "Score for pictures from words."),
            Key("edit", score, "Score for edits and variations."),
        ])
        let operations = Operation.allCases.map(\.rawValue) + ["stream"]
        let common = [
            Key("operations", .list(of: .scalar(.word(operations, noun: "operation")), atLeast: 1), "What it can do."),
            Key("sizes", sizes, "Pixel sizes it makes: a list, or bounds."),
            Key(
                "ratios",
                .list(of: .scalar(.ratio), atLeast: 1),
                "Ratios it makes, where the vendor chooses the pixels."
            ),
            Key("formats", .list(of: word(ImageFormat.self, "format"), atLeast: 1), "File formats it delivers."),
            Key("max_images", .scalar(.integer(1...10)), "Pictures a call."),
            Key("max_references", .scalar(.integer(0...16)), "Reference pictures a call."),
            Key("mask", flag, "Whether an edit may be confined by a mask."),
            Key("supports", .list(of: word(Feature.self, "feature"), atLeast: 0), "What else it can do."),
            Key(
                "score",
                .either([score, .section(scores)]),
                "How good it is, on one scale for all models; higher is better."
            ),
            Key("latency", milliseconds(1...3_600_000), "What an answer takes, until it has been measured."),
            Key("failure_rate", .scalar(.number(0...1)), "The share of calls that fail, for `simulate` alone."),
            Key("retires", .scalar(.day), "From this day on it is no candidate."),
            Key(required: "tiers", .table(tiers(score)), "What each quality costs and sends."),
            Key(
                "token_prices",
                .section(tokenPrices),
                "Dollars for a million tokens, by which the vendor's `usage` is settled."
            ),
        ]
        let names = Set(common.map(\.name))
        return Section(
            common + own.filter { !names.contains($0.name) }
        )
    }

    private var freeSizes: Section {
        let edge = Shape.scalar(.integer(1...PixelSize.longestEdge))
        let area = Shape.scalar(.integer(1...PixelSize.longestEdge * PixelSize.longestEdge))
        return Section([
            Key("multiple_of", .scalar(.integer(1...1024)), "Both edges are multiples of this.", standard: 1),
            Key("min_edge", edge, "Shortest edge in pixels."),
            Key("max_edge", edge, "Longest edge in pixels."),
            Key("min_pixels", area, "Fewest pixels in all."),
            Key("max_pixels", area, "Most pixels in all."),
            Key("max_ratio", .scalar(.integer(1...100)), "Longest edge over shortest edge, at most."),
        ])
    }

    private func tiers(_ score: Shape) -> Table {
        let table = Table(noun: "price", keys: .size, alsoKeys: priceKeys, values: .scalar(.dollars), atLeast: 1)
        let tier = Section([
            Key(
                required: "cost",
                .either([.scalar(.price), .table(table)]),
                "Dollars for one picture; `tokens`, by the vendor's own rule at `token_prices`; or by size and what comes on top."
            ),
            Key("vendor_quality", .scalar(.text), "The vendor's word for this tier, where it is another."),
            Key("params", .adapters(schema: nil), "Added to the vendor's request as it stands."),
            Key("score", score, "How good this tier is, where it differs from the model."),
        ])
        return Table(
            noun: "tier",
            keys: .word(Tier.allCases.map(\.rawValue), noun: "tier"),
            values: .section(tier),
            atLeast: 1
        )
    }

    private var priceKeys: [Key] {
        let dollars = Shape.scalar(.dollars)
        return [
            Key("default", .scalar(.price), "Dollars for a picture of any other size, or `tokens`."),
            Key("auto", dollars, "Dollars for a picture while the vendor chooses the size."),
            Key("base", dollars, "Dollars for a picture besides its megapixels."),
            Key("per_megapixel", dollars, "Dollars more for each megapixel of a picture whose size is not listed."),
            Key("per_reference", dollars, "Dollars more for each reference picture."),
            Key("per_reference_megapixel", dollars, "Dollars more for each megapixel of each reference picture."),
            Key(
                "per_partial",
                dollars,
                "Dollars more for each early view of a stream; none: by the vendor's tokens, where it counts them."
            ),
            Key("megapixel_pixels", .scalar(.integer(1...100_000_000)), "Pixels in a megapixel.", standard: 1_000_000),
            Key(
                "megapixel_rounding",
                word(MegapixelRule.Rounding.self, "rounding"),
                "exact: a part of a megapixel costs its part; up: a whole one.",
                standard: "exact"
            ),
        ]
    }

    private var tokenPrices: Section {
        Section([
            Key("text_in", .scalar(.tokenPrice), "Tokens of the prompt.", standard: 0),
            Key("image_in", .scalar(.tokenPrice), "Tokens of pictures sent.", standard: 0),
            Key("image_out", .scalar(.tokenPrice), "Tokens of pictures made.", standard: 0),
            Key("text_out", .scalar(.tokenPrice), "Tokens of text written beside pictures.", standard: 0),
        ])
    }
}
