extension Candidate {
    /// What a variation asks for where the vendor wants words.
    package static let variationPrompt =
        "Create a variation of this image: same subject, style and mood, with a fresh composition."

    /// The call for `slots` of the request's pictures, in our words; equal inputs give equal calls, so that a preview shows
    /// what is sent.
    package func providerRequest(
        for request: ImageRequest,
        slots: Range<Int>,
        timeLimit: Duration
    ) -> ProviderRequest {
        var call = ProviderRequest(
            model: model.id,
            operation: request.operation,
            prompt: request.prompt,
            tier: offer.tier,
            timeLimit: timeLimit
        )
        if request.operation == .variation, request.prompt.isEmpty { call.prompt = Self.variationPrompt }
        let features = model.capabilities.features.subtracting(rendition.dropped)
        call.count = slots.count
        call.shape = rendition.shape
        call.quality = offer.vendorQuality ?? offer.tier.rawValue
        call.parameters = offer.parameters
        call.format = rendition.format
        call.compression = rendition.compression
        call.background = request.background
        if features.contains(.moderation) { call.moderation = request.moderation }
        if features.contains(.style) { call.style = request.style }
        if features.contains(.user) { call.user = request.user }
        if features.contains(.negativePrompt) { call.negativePrompt = request.negativePrompt }
        // Equal seeds would draw equal pictures, so each call of a request gets its own; the first keeps the asked one.
        if features.contains(.seed), let seed = request.seed { call.seed = seed &+ UInt32(slots.lowerBound) }
        call.references = request.references
        call.mask = request.mask
        if request.stream, model.capabilities.streams { call.partialImages = request.partialImages }
        return call
    }

    /// The ranges of pictures that go into one call each.
    package func calls(for slots: Range<Int>) -> [Range<Int>] {
        stride(from: slots.lowerBound, to: slots.upperBound, by: max(1, model.capabilities.maxImages)).map {
            $0..<min($0 + max(1, model.capabilities.maxImages), slots.upperBound)
        }
    }

    /// The most that a call for so many pictures can be billed: the tier's price, or the vendor's tokens at their most.
    package func worstCost(of call: ProviderRequest) -> MicroUSD {
        let quoted = quote(for: call.count)
        guard let prices = model.tokenPrices, let bound = provider.adapter.tokenBound(of: call),
            let most = prices.cost(of: bound)
        else { return quoted }
        return max(quoted, most)
    }

    /// What a call that made pictures of these native sizes is billed at our prices: by the vendor's usage where it is
    /// billed so, else by the tier's price. It is settled at most at what was held for it.
    package func bill(sizes: [PixelSize], usage: TokenUsage?) -> MicroUSD {
        if let usage, let prices = model.tokenPrices, let cost = prices.cost(of: usage) { return cost }
        return sizes.reduce(MicroUSD.zero) { $0 + price(ofPicture: $1) }
    }

    /// What so many of the pictures were said to cost.
    package func quote(for pictures: Int) -> MicroUSD { unitPrice.multiplied(by: pictures) ?? unitPrice }

    /// The price of a picture by the size that was asked for or, where the vendor chose, by the one that it has.
    private func price(ofPicture size: PixelSize) -> MicroUSD {
        guard rendition.pricedSize == nil, !offer.price.isFlat else { return unitPrice }
        let drawing = offer.price.price(chosen: size, by: model.tokenCost(at: offer))
        return drawing?.adding(surcharge) ?? unitPrice
    }
}
