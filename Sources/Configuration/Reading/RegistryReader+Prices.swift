import Orchestrator

// What a tier's `cost` says: one price, or a mapping of sizes and of what comes on top.
extension RegistryReader {
    func price(_ node: ConfigNode, _ shapes: ShapeRange) -> PriceTable? {
        guard case .mapping(let entries) = node.content else {
            guard !node.isTokens else { return .byTokens }
            return diagnostics.read(node) { node throws(ConfigError) in try node.dollars() }.map(PriceTable.init(flat:))
        }
        var table = PriceTable(bySize: [:], otherwise: nil)
        for entry in entries {
            guard let size = PixelSize(entry.name) else { continue }
            table.bySize[size] = dollars(entry.value)
            if !shapes.makes(size) { diagnostics.warn(entry.error("the model does not make this size")) }
        }
        if let other = node["default"], other.isTokens {
            table.isByTokens = true
        } else {
            table.otherwise = node["default"].flatMap(dollars) ?? node["base"].flatMap(dollars)
        }
        table.automatic = node["auto"].flatMap(dollars)
        table.perMegapixel = node["per_megapixel"].flatMap(dollars)
        table.perReference = node["per_reference"].flatMap(dollars)
        table.perReferenceMegapixel = node["per_reference_megapixel"].flatMap(dollars)
        table.perPartial = node["per_partial"].flatMap(dollars)
        diagnostics.read(node["megapixel_pixels"], into: &table.megapixel.pixels) { node throws(ConfigError) in
            try node.integer(in: 1...100_000_000)
        }
        diagnostics.read(node["megapixel_rounding"], into: &table.megapixel.rounding) { node throws(ConfigError) in
            try node.choice(MegapixelRule.Rounding.self)
        }
        table.mostPixels = shapes.mostPixels
        checkCombination(node, table, shapes)
        return table
    }

    private func dollars(_ node: ConfigNode) -> MicroUSD? {
        diagnostics.read(node) { node throws(ConfigError) in try node.dollars() }
    }

    /// What is no price of a picture by itself.
    private static let surcharges: Set<String> = [
        "per_reference", "per_reference_megapixel", "per_partial", "megapixel_pixels", "megapixel_rounding",
    ]

    /// Finds keys that say two things of the same picture, or nothing at all.
    private func checkCombination(_ node: ConfigNode, _ table: PriceTable, _ shapes: ShapeRange) {
        if let base = node["base"], node["default"] != nil {
            diagnostics.error(base.error("cannot stand beside 'default'", hint: "both are the price of other sizes"))
        }
        if table.isByTokens, let more = node["per_megapixel"] {
            diagnostics.error(more.error("cannot stand beside 'default: tokens'", hint: "tokens count the pixels"))
        }
        let megapixels = node["per_megapixel"] != nil || node["per_reference_megapixel"] != nil
        for name in ["megapixel_pixels", "megapixel_rounding"] where !megapixels {
            guard let key = node[name] else { continue }
            diagnostics.error(key.error("nothing is priced by the megapixel", hint: "add 'per_megapixel'"))
        }
        if table.perMegapixel != nil, table.automatic == nil, table.mostPixels == nil {
            diagnostics.error(
                node.error("auto", "is required: the vendor may choose the size, and nothing bounds its pixels")
            )
        }
        if !node.entries.isEmpty, node.entries.allSatisfy({ Self.surcharges.contains($0.name) }) {
            diagnostics.error(node.error("has no price for a picture", hint: "add 'default', or a size"))
        }
        if case .sizes(let sizes) = shapes, table.otherwise == nil, table.perMegapixel == nil, !table.isByTokens {
            for size in sizes where table.bySize[size] == nil {
                diagnostics.warn(node.error("has no price for \(size)", hint: "it is not sold; add it, or 'default'"))
            }
        }
    }

    /// Finds prices by tokens where there is nothing to count or to pay them by.
    func checkTokens(_ cost: ConfigNode, of offer: TierOffer, _ model: Model) {
        guard offer.price.isByTokens else { return }
        let place = cost.isTokens ? cost : cost["default"] ?? cost
        if model.tokenPrices == nil {
            diagnostics.error(place.error("needs the model's 'token_prices'"))
        } else if model.tokenCost(at: offer)?.drawing(.usual) == nil {
            diagnostics.error(
                place.error("the adapter knows no rule for this model's tokens", hint: "give prices in dollars")
            )
        }
    }
}

extension PriceTable {
    /// Every picture costs what the vendor's token rule gives.
    fileprivate static let byTokens: PriceTable = {
        var table = PriceTable(bySize: [:], otherwise: nil)
        table.isByTokens = true
        return table
    }()
}

extension ShapeRange {
    /// Whether a picture of exactly this size may come out; ratios leave that open.
    fileprivate func makes(_ size: PixelSize) -> Bool {
        switch self {
        case .any, .ratios: true
        case .sizes(let sizes): sizes.contains(size)
        case .free(let bounds): bounds.contains(size)
        }
    }

    /// The most pixels that a picture may have; nil where that is the vendor's choice.
    fileprivate var mostPixels: Int? {
        switch self {
        case .any, .ratios: nil
        case .sizes(let sizes): sizes.map(\.area).max()
        case .free(let bounds): min(bounds.maxPixels, bounds.maxEdge * bounds.maxEdge)
        }
    }
}
