/// How a model would be asked for the pictures: its own shape and format, and what is left out of the request.
package struct Rendition: Sendable, Hashable {
    package var shape: Shape
    /// The size by which the price is looked up; nil: the vendor's choice, so the dearest counts.
    package var pricedSize: PixelSize?
    package var format: ImageFormat
    /// Sent to the vendor; nil where it was not asked, is left out, or is applied by our own conversion.
    package var compression: Int?
    /// Whether the delivered picture is made from the vendor's by our own conversion of format.
    package var convertsFormat = false
    /// Fields that this model is not told.
    package var dropped: Set<Feature> = []
    /// What of the request is changed, known before any call.
    package var adapted: [Adaptation] = []
}

/// A request that a model cannot serve, and which part of it.
struct Mismatch: Error {
    var constraint: Constraint
    var reason: String

    init(_ constraint: Constraint, _ reason: String) {
        self.constraint = constraint
        self.reason = reason
    }
}

extension Rendition {
    /// Decides how `capabilities` can serve `request`, or says what stands against it.
    init(of request: ImageRequest, by capabilities: ModelCapabilities, fidelity: Fidelity) throws(Mismatch) {
        try Self.checkWork(of: request, by: capabilities)
        (shape, pricedSize) = try ShapeMapping(range: capabilities.shapes, fidelity: fidelity)
            .shape(size: request.size, ratio: request.aspectRatio)
        format = request.wantedFormat
        compression = request.compression
        try chooseFormat(for: request, capabilities, fidelity)
        if request.background == .transparent {
            guard capabilities.features.contains(.transparency), format.canBeTransparent else {
                throw Mismatch(.transparency, "makes no transparent pictures")
            }
        }
        if request.count > capabilities.maxImages, fidelity == .strict {
            throw Mismatch(
                .count,
                "makes \(capabilities.maxImages) of \(request.count) pictures a call, and fidelity is strict"
            )
        }
        try dropUnsupported(of: request, capabilities.features, fidelity)
        try dropUnknownStyle(of: request, capabilities, fidelity)
        try dropEarlyViews(of: request, capabilities, fidelity)
    }

    private static func checkWork(of request: ImageRequest, by capabilities: ModelCapabilities) throws(Mismatch) {
        let served =
            switch request.operation {
            case .generate, .edit: capabilities.operations.contains(request.operation)
            // The vendors' own variation routes are gone; an edit with a neutral prompt does the same.
            case .variation:
                capabilities.operations.contains(.variation) || capabilities.operations.contains(.edit)
            }
        guard served else { throw Mismatch(.operation, "does not do the operation '\(request.operation.rawValue)'") }
        guard request.references.count <= capabilities.maxReferences || request.operation == .generate else {
            throw Mismatch(
                .references,
                "takes \(capabilities.maxReferences) reference images, not \(request.references.count)"
            )
        }
        guard request.mask == nil || capabilities.masks else { throw Mismatch(.mask, "takes no mask") }
        guard request.mask != nil || request.operation == .generate || !capabilities.requiresMask else {
            throw Mismatch(.mask, "edits only where a mask says")
        }
    }

    private mutating func chooseFormat(
        for request: ImageRequest,
        _ capabilities: ModelCapabilities,
        _ fidelity: Fidelity
    ) throws(Mismatch) {
        let wanted = request.wantedFormat
        let compresses = capabilities.features.contains(.compression) || request.compression == nil
        if capabilities.formats.contains(wanted), compresses || fidelity == .strict {
            guard compresses else { throw Mismatch(.compression, "cannot be told a compression") }
            return
        }
        guard fidelity != .strict else {
            throw Mismatch(.format, "does not deliver \(wanted.rawValue), and fidelity is strict")
        }
        // Converting from a lossless source keeps one generation of loss; JPEG comes last as it cannot be transparent.
        let sources: [ImageFormat] = [.png, .webp, .jpeg]
        guard let source = sources.first(where: capabilities.formats.contains) else { return }
        compression = nil
        if source == wanted {
            adapted.append(
                Adaptation(
                    field: "output_compression",
                    asked: "\(request.compression ?? 100)",
                    given: "default",
                    why: "the model cannot be told a compression"
                )
            )
            return
        }
        format = source
        convertsFormat = true
        adapted.append(
            Adaptation(
                field: "output_format",
                asked: wanted.rawValue,
                given: wanted.rawValue,
                why: "converted here from \(source.rawValue)"
            )
        )
    }

    private mutating func dropUnsupported(
        of request: ImageRequest,
        _ features: Set<Feature>,
        _ fidelity: Fidelity
    ) throws(Mismatch) {
        // Soft fields only colour the result; the hard ones decide what picture it is.
        let soft: [(Feature, Constraint, String?)] = [
            (.style, .style, request.style),
            (.moderation, .moderation, request.moderation.flatMap { $0 == .auto ? nil : $0.rawValue }),
            (.user, .user, request.user),
        ]
        for (feature, constraint, value) in soft {
            guard let value, !features.contains(feature) else { continue }
            guard fidelity != .strict else { throw Mismatch(constraint, "takes no '\(feature.rawValue)'") }
            drop(feature, value)
        }
        let hard: [(Feature, Constraint, String?)] = [
            (.seed, .seed, request.seed.map { String($0) }),
            (.negativePrompt, .negativePrompt, request.negativePrompt),
        ]
        for (feature, constraint, value) in hard {
            guard let value, !features.contains(feature) else { continue }
            guard fidelity == .bestEffort else {
                throw Mismatch(
                    constraint,
                    "takes no '\(feature.rawValue)', which only fidelity 'best_effort' may drop"
                )
            }
            drop(feature, value)
        }
    }

    /// A style that the model does not know is left out like a setting that it does not have.
    private mutating func dropUnknownStyle(
        of request: ImageRequest,
        _ capabilities: ModelCapabilities,
        _ fidelity: Fidelity
    ) throws(Mismatch) {
        guard let style = request.style, capabilities.features.contains(.style), let known = capabilities.styles,
            !known.contains(style)
        else { return }
        guard fidelity != .strict else { throw Mismatch(.style, "knows no style of this name") }
        drop(.style, style, why: "the model knows no such style")
    }

    /// A model that does not stream gives its finished pictures alone.
    private mutating func dropEarlyViews(
        of request: ImageRequest,
        _ capabilities: ModelCapabilities,
        _ fidelity: Fidelity
    ) throws(Mismatch) {
        guard request.stream, request.partialImages > 0, !capabilities.streams else { return }
        guard fidelity != .strict else { throw Mismatch(.partialImages, "shows no early views") }
        adapted.append(
            Adaptation(
                field: "partial_images",
                asked: "\(request.partialImages)",
                given: "0",
                why: "the model shows no early views"
            )
        )
    }

    private mutating func drop(_ feature: Feature, _ value: String, why: String = "the model has no such setting") {
        dropped.insert(feature)
        adapted.append(Adaptation(field: feature.rawValue, asked: value, given: "", why: why))
    }
}
