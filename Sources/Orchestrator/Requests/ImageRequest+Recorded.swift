extension ImageRequest {
    /// The request as its record and answers show it: only what was said, pictures by digest. Without
    /// pictures it can be sent again as it stands, and with them served again while they are stored.
    package var shown: JSONObject {
        var shown: JSONObject = [:]
        if !model.isEmpty { shown["model"] = .string(model) }
        shown["prompt"] = .string(prompt)
        shown["n"] = .number(JSONNumber(Int64(count)))
        shown["size"] = .string(size.map { "\($0)" } ?? "auto")
        if let aspectRatio { shown["aspect_ratio"] = .string("\(aspectRatio)") }
        shown["quality"] = .string(qualityWord)
        if background != .auto { shown["background"] = .string(background.rawValue) }
        shown["output_format"] = .string(wantedFormat.rawValue)
        if let compression { shown["output_compression"] = .number(JSONNumber(Int64(compression))) }
        if let seed { shown["seed"] = .number(JSONNumber(Int64(seed))) }
        let words: [(String, String?)] = [
            ("negative_prompt", negativePrompt), ("style", style), ("moderation", moderation?.rawValue), ("user", user),
            ("response_format", responseFormat?.rawValue),
        ]
        for (name, word) in words { if let word { shown[name] = .string(word) } }
        if stream { shown["stream"] = true }
        if partialImages > 0 { shown["partial_images"] = .integer(partialImages) }
        if let metadata { shown["metadata"] = .object(metadata) }
        if !references.isEmpty { shown["images"] = .array(references.map(\.shown)) }
        if let mask { shown["mask"] = mask.shown }
        let routing = routing.shown
        if !routing.isEmpty { shown["routing"] = .object(routing) }
        return shown
    }

    /// The request that `shown` describes; `picture` finds bytes by their digest. Nobody waits for it as a stream any more.
    init(
        _ operation: Operation,
        recorded: JSONObject,
        picture: (String) async throws(ArtifactError) -> HeldBytes
    ) async throws(APIError) {
        try self.init(operation, fields: recorded)
        stream = false
        partialImages = 0
        for image in recorded["images"]?.array ?? [] { references.append(try await InputImage(image, picture)) }
        if let mask = recorded["mask"] { self.mask = try await InputImage(mask, picture) }
        try validate()
    }
}

extension InputImage {
    fileprivate var shown: JSON {
        var shown: JSONObject = [
            "sha256": .string(digest), "size": .string("\(size)"), "format": .string(format.rawValue),
            "alpha": .bool(hasAlpha),
        ]
        if let parent { shown["id"] = .string(parent.text) }
        return .object(shown)
    }

    fileprivate init(
        _ shown: JSON,
        _ picture: (String) async throws(ArtifactError) -> HeldBytes
    ) async throws(APIError) {
        guard let digest = shown["sha256"]?.string, let size = shown["size"]?.string.flatMap({ PixelSize($0) }),
            let format = shown["format"]?.string.flatMap(ImageFormat.init(rawValue:))
        else { throw .internalError("the record does not describe its pictures") }
        do throws(ArtifactError) {
            let bytes = try await picture(digest)
            self.init(
                source: bytes.source,
                format: format,
                size: size,
                hasAlpha: shown["alpha"]?.bool ?? false,
                digest: digest
            )
            keeper = bytes.keeper
            parent = shown["id"]?.string.flatMap { ImageID($0) }
        } catch {
            throw .internalError("the picture '\(digest)' is not stored any more: \(error)")
        }
    }
}

extension RoutingWishes {
    /// The wishes as they are written in a request.
    fileprivate var shown: JSONObject {
        var shown: JSONObject = [:]
        if let policy { shown["policy"] = .string(policy) }
        if let maxCost { shown["max_cost_usd"] = .text(maxCost) }
        if let minScore { shown["min_score"] = JSON(minScore) }
        if let providers { shown["providers"] = .array(providers.map(JSON.string)) }
        if !exclude.isEmpty { shown["exclude"] = .array(exclude.map(JSON.string)) }
        if let fidelity { shown["fidelity"] = .string(fidelity.rawValue) }
        if let fallback { shown["fallback"] = .bool(fallback) }
        if let maxAttempts { shown["max_attempts"] = .integer(maxAttempts) }
        return shown
    }
}
