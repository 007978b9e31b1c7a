import Orchestrator

extension RegistryReader {
    /// One model: what the file says of it, over what its adapter knows.
    func model(_ entry: ConfigNode.Entry, adapter: (any ProviderAdapter)?, isEnabled: Bool) -> Model? {
        let node = entry.value
        let known = adapter?.knownCapabilities(of: entry.name)
        if adapter != nil, known == nil, node["operations"] == nil {
            diagnostics.error(
                entry.error(
                    "the adapter does not know this model",
                    hint: "check its name, or say what it can do with 'operations: [generate]'"
                )
            )
        }
        var model = Model(id: entry.name, capabilities: capabilities(node, known: known))
        readScores(node["score"], into: &model)
        diagnostics.read(node["latency"], into: &model.latency) { node throws(ConfigError) in try node.duration() }
        diagnostics.read(node["failure_rate"], into: &model.failureRate) { node throws(ConfigError) in
            try node.number()
        }
        diagnostics.read(node["retires"], into: &model.retires) { node throws(ConfigError) in try node.day() }
        if isEnabled, let day = model.retires, let place = node["retires"] { warn(ofRetirement: day, at: place) }
        model.tokenPrices = tokenPrices(node["token_prices"])
        model.tokenRule = adapter?.tokenRule(of: entry.name)
        model.tiers = (node["tiers"]?.entries ?? []).compactMap { offer($0, of: model, hasAdapter: adapter != nil) }
            .sorted { $0.tier < $1.tier }
        return model
    }

    private func warn(ofRetirement day: Day, at node: ConfigNode) {
        let days = day.number - today.number
        if days <= 0 {
            diagnostics.warn(node.error("retired on \(day)", hint: "the model is no candidate any more"))
        } else if days <= 30 {
            diagnostics.warn(node.error("retires on \(day)", hint: "in \(days) \(days == 1 ? "day" : "days")"))
        }
    }

    // MARK: - Capabilities

    private func capabilities(_ node: ConfigNode, known: ModelCapabilities?) -> ModelCapabilities {
        var result = known ?? ModelCapabilities()
        if let words = diagnostics.list(node["operations"], { node throws(ConfigError) in try node.string() }) {
            result.operations = Set(words.compactMap(Operation.init(rawValue:)))
            result.streams = words.contains("stream")
            if result.operations.isEmpty, let place = node["operations"], !place.elements.isEmpty {
                diagnostics.error(place.error("names no operation besides 'stream'"))
            }
        }
        readShapes(node, into: &result)
        if let formats = diagnostics.list(
            node["formats"],
            { node throws(ConfigError) in try node.choice(ImageFormat.self) }
        ),
            !formats.isEmpty
        {
            result.formats = Set(formats)
        }
        diagnostics.read(node["max_images"], into: &result.maxImages) { node throws(ConfigError) in
            try node.integer(in: 1...Int.max)
        }
        diagnostics.read(node["mask"], into: &result.masks) { node throws(ConfigError) in try node.bool() }
        if let features = diagnostics.list(
            node["supports"],
            { node throws(ConfigError) in try node.choice(Feature.self) }
        ) {
            // What a picture shows is stated by the file; the rest is the adapter's affair unless listed as well.
            result.features.subtract([.transparency, .seed, .negativePrompt, .style])
            result.features.formUnion(features)
        }
        readReferences(node, into: &result)
        return result
    }

    /// A model that edits takes one reference picture unless somebody knows better; one that does not takes none.
    private func readReferences(_ node: ConfigNode, into result: inout ModelCapabilities) {
        let takesPictures = result.operations.contains(.edit) || result.operations.contains(.variation)
        let stated = diagnostics.read(node["max_references"]) { node throws(ConfigError) in
            try node.integer(in: 0...Int.max)
        }
        if takesPictures, stated == 0, let place = node["max_references"] {
            diagnostics.error(place.error("must be 1 or more for a model that edits"))
        }
        result.maxReferences = stated ?? (takesPictures ? max(1, result.maxReferences) : 0)
    }

    private func readShapes(_ node: ConfigNode, into result: inout ModelCapabilities) {
        let sizes = node["sizes"]
        let ratios = node["ratios"]
        if let sizes, let ratios, !sizes.isNull, !ratios.isNull {
            diagnostics.error(
                ratios.error("cannot stand beside 'sizes'", hint: "a model makes sizes, or ratios of its own sizes")
            )
        }
        if let list = diagnostics.list(sizes, { node throws(ConfigError) in try node.size() }), !list.isEmpty {
            result.shapes = .sizes(list)
        } else if let sizes, case .mapping = sizes.content {
            result.shapes = .free(freeSizes(sizes))
        } else if let list = diagnostics.list(ratios, { node throws(ConfigError) in try node.ratio() }), !list.isEmpty {
            result.shapes = .ratios(list)
        }
    }

    private func freeSizes(_ node: ConfigNode) -> FreeSizes {
        var sizes = FreeSizes()
        func read(_ name: String, _ property: WritableKeyPath<FreeSizes, Int>) {
            // Beyond this the shape has been found wrong already; products of edges and ratios must not overflow here.
            let value = diagnostics.read(node[name]) { node throws(ConfigError) in try node.integer(in: 1...1 << 32) }
            if let value { sizes[keyPath: property] = value }
        }
        read("multiple_of", \.multipleOf)
        read("min_edge", \.minEdge)
        read("max_edge", \.maxEdge)
        read("min_pixels", \.minPixels)
        read("max_pixels", \.maxPixels)
        read("max_ratio", \.maxRatio)
        if sizes.minEdge > sizes.maxEdge {
            diagnostics.error(node.error("min_edge", "must not be larger than 'max_edge'"))
            return FreeSizes()
        }
        if sizes.minPixels > sizes.maxPixels {
            diagnostics.error(node.error("min_pixels", "must not be larger than 'max_pixels'"))
            return FreeSizes()
        }
        return sizes
    }

    // MARK: - Scores and prices

    private func readScores(_ node: ConfigNode?, into model: inout Model) {
        guard let node, !node.isNull else { return }
        if case .mapping = node.content {
            for operation in [Operation.generate, .edit] {
                model.scores[operation] = diagnostics.read(node[operation.rawValue]) { node throws(ConfigError) in
                    try node.number()
                }
            }
        } else if let score = diagnostics.read(node, { node throws(ConfigError) in try node.number() }) {
            model.scores = [.generate: score, .edit: score]
        }
    }

    private func offer(_ entry: ConfigNode.Entry, of model: Model, hasAdapter: Bool) -> TierOffer? {
        let node = entry.value
        guard let tier = Tier(rawValue: entry.name), let cost = node["cost"],
            let price = price(cost, model.capabilities.shapes)
        else { return nil }
        var offer = TierOffer(tier: tier, price: price)
        offer.vendorQuality = diagnostics.read(node["vendor_quality"]) { node throws(ConfigError) in try node.string() }
        offer.score = diagnostics.read(node["score"]) { node throws(ConfigError) in try node.number() }
        if let parameters = node["params"] {
            let value = diagnostics.read(parameters) { node throws(ConfigError) in try node.json() }
            if let object = value?.object {
                offer.parameters = object
            } else if value != nil {
                diagnostics.error(parameters.error("must be a mapping, not \(parameters.contentName)"))
            }
        }
        // Without its adapter, whose fault is named already, nothing is known of the rule.
        if hasAdapter { checkTokens(cost, of: offer, model) }
        return offer
    }

    private func tokenPrices(_ node: ConfigNode?) -> TokenPrices? {
        guard let node, case .mapping = node.content else { return nil }
        func price(_ name: String) -> Int64 {
            diagnostics.read(node[name]) { node throws(ConfigError) in try node.tokenPrice() } ?? 0
        }
        return TokenPrices(
            textInput: price("text_in"),
            imageInput: price("image_in"),
            imageOutput: price("image_out"),
            textOutput: price("text_out")
        )
    }
}
