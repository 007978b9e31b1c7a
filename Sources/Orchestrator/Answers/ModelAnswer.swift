/// The names that the `model` field takes, as OpenAI's model list with more to each.
package struct ModelAnswer: Sendable {
    private let entries: [(id: String, body: JSON)]

    /// Lists every name once: `auto`, the policies, models with and without their provider, aliases.
    package init(_ registry: Registry, created: Int64) {
        var entries: [(id: String, body: JSON)] = []
        var known: Set<String> = []
        func add(_ id: String, owner: String, _ more: JSONObject = [:]) {
            guard known.insert(id).inserted else { return }
            var body: JSONObject = [
                "id": .string(id), "object": "model", "created": .integer(created), "owned_by": .string(owner),
            ]
            for (name, value) in more { body[name] = value }
            entries.append((id, .object(body)))
        }
        add("auto", owner: "orchestrator")
        for policy in registry.policies.keys.sorted() { add("auto/\(policy)", owner: "orchestrator") }
        let served = registry.providers.filter { $0.availability != .disabled }
        let models = served.flatMap { provider in provider.models.map { (provider.id, $0.id, Self.facts($0)) } }
        for (provider, model, facts) in models { add("\(provider)/\(model)", owner: provider, facts) }
        for (provider, model, facts) in models { add(model, owner: provider, facts) }
        for (name, alias) in registry.aliases.sorted(by: { $0.key < $1.key }) {
            let target = alias.model ?? "auto/\(alias.policy ?? registry.routing.policy)"
            add(name, owner: "orchestrator", ["alias_of": .string(target)])
        }
        self.entries = entries
    }

    package var list: JSON {
        ["object": "list", "data": .array(entries.map(\.body))]
    }

    package subscript(id: String) -> JSON? {
        entries.first { $0.id == id }?.body
    }

    private static func facts(_ model: Model) -> JSONObject {
        let capabilities = model.capabilities
        var operations = Operation.allCases.filter(capabilities.operations.contains).map { JSON.string($0.rawValue) }
        if capabilities.streams { operations.append("stream") }
        return [
            "capabilities": [
                "operations": .array(operations),
                "shapes": shapes(capabilities.shapes),
                "formats": .array(
                    ImageFormat.allCases.filter(capabilities.formats.contains).map { .string($0.rawValue) }
                ),
                "max_images": .integer(capabilities.maxImages),
                "max_references": .integer(capabilities.maxReferences),
                "mask": .bool(capabilities.masks),
                "mask_polarity": capabilities.masks ? .string(capabilities.maskPolarity.rawValue) : .null,
                "supports": .array(
                    Feature.allCases.filter(capabilities.features.contains).map { .string($0.rawValue) }
                ),
                "fidelity": FidelityTable(capabilities).json,
            ],
            "tiers": .object(
                model.tiers.reduce(into: JSONObject()) { $0[$1.tier.rawValue] = ["cost_usd": price($1.price)] }
            ),
            "score": .object(
                Operation.allCases.reduce(into: JSONObject()) { scores, operation in
                    guard let score = model.scores[operation], let number = JSONNumber(score) else { return }
                    scores[operation.rawValue] = .number(number)
                }
            ),
            "retires": .text(model.retires),
        ]
    }

    /// As `cost:` of the registry says it.
    private static func price(_ table: PriceTable) -> JSON {
        var prices: JSONObject = [:]
        for (size, price) in table.bySize.sorted(by: { "\($0.key)" < "\($1.key)" }) { prices["\(size)"] = .text(price) }
        if let otherwise = table.otherwise { prices["default"] = .text(otherwise) }
        if table.isByTokens { prices["default"] = "tokens" }
        let more: [(String, MicroUSD?)] = [
            ("auto", table.automatic), ("per_megapixel", table.perMegapixel), ("per_reference", table.perReference),
            ("per_reference_megapixel", table.perReferenceMegapixel), ("per_partial", table.perPartial),
        ]
        for (name, price) in more { if let price { prices[name] = .text(price) } }
        if table.perMegapixel != nil || table.perReferenceMegapixel != nil {
            prices["megapixel_pixels"] = .integer(table.megapixel.pixels)
            prices["megapixel_rounding"] = .string(table.megapixel.rounding.rawValue)
        }
        // One price for everything is told as one.
        return prices.count == 1 && prices["default"] != nil ? prices["default"] ?? .null : .object(prices)
    }

    private static func shapes(_ range: ShapeRange) -> JSON {
        switch range {
        case .any: ["sizes": "any"]
        case .sizes(let sizes): ["sizes": .array(sizes.map { .text($0) })]
        case .ratios(let ratios): ["ratios": .array(ratios.map { .text($0) })]
        case .free(let bounds): ["sizes": .object(Self.bounds(bounds))]
        }
    }

    /// The bounds of free sizes, those that bound nothing left out.
    private static func bounds(_ sizes: FreeSizes) -> JSONObject {
        var bounds: JSONObject = ["multiple_of": .integer(sizes.multipleOf), "max_edge": .integer(sizes.maxEdge)]
        if sizes.minEdge > 1 { bounds["min_edge"] = .integer(sizes.minEdge) }
        if sizes.minPixels > 1 { bounds["min_pixels"] = .integer(sizes.minPixels) }
        if sizes.maxPixels != .max { bounds["max_pixels"] = .integer(sizes.maxPixels) }
        if sizes.maxRatio != .max { bounds["max_ratio"] = .integer(sizes.maxRatio) }
        return bounds
    }
}
