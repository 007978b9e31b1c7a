/// What becomes of each part of a request at one model, under each fidelity.
///
/// Nothing is stated here twice: every cell is what the planner does with a request that asks for that part alone.
package struct FidelityTable: Sendable, Hashable {
    /// What becomes of a part of a request.
    package enum Treatment: String, Sendable, CaseIterable {
        /// The vendor is asked for it as it is.
        case kept
        /// Made here from what the vendor can do.
        case converted
        /// Split over several calls.
        case split
        /// Left out, with an entry in `adapted`.
        case dropped
        /// The model is no candidate.
        case refused
    }

    /// A part of a request.
    package enum Part: String, Sendable, CaseIterable {
        /// A size that the model makes, or one of a ratio that it makes.
        case size
        /// Another size of such a ratio.
        case otherSize = "other_size"
        case aspectRatio = "aspect_ratio"
        /// Ten pictures.
        case count = "n"
        case png, jpeg, webp
        case compression = "output_compression"
        case transparency = "transparent_background"
        case seed
        case negativePrompt = "negative_prompt"
        case style, moderation, user, mask
        case partialImages = "partial_images"
    }

    private let cells: [Part: [Treatment]]

    package init(_ capabilities: ModelCapabilities) {
        var cells: [Part: [Treatment]] = [:]
        for part in Part.allCases {
            let request = Probe(capabilities).request(for: part)
            cells[part] = Fidelity.allCases.map { fidelity in
                request.map { Self.treatment(of: $0, part, capabilities, fidelity) } ?? .refused
            }
        }
        self.cells = cells
    }

    package subscript(part: Part, fidelity: Fidelity) -> Treatment {
        cells[part]?[Fidelity.allCases.firstIndex(of: fidelity) ?? 0] ?? .refused
    }

    /// A word for what becomes of a part whatever the fidelity, or words for each of them.
    package var json: JSON {
        .object(
            Part.allCases.reduce(into: JSONObject()) { table, part in
                let words = Fidelity.allCases.map { (key: $0.rawValue, value: JSON.string(self[part, $0].rawValue)) }
                let isAlike = words.allSatisfy { $0.value == words[0].value }
                table[part.rawValue] =
                    isAlike
                    ? words[0].value
                    : .object(words.reduce(into: JSONObject()) { $0[$1.key] = $1.value })
            }
        )
    }

    private static func treatment(
        of request: ImageRequest,
        _ part: Part,
        _ capabilities: ModelCapabilities,
        _ fidelity: Fidelity
    ) -> Treatment {
        let rendition: Rendition
        do throws(Mismatch) {
            rendition = try Rendition(of: request, by: capabilities, fidelity: fidelity)
        } catch {
            return .refused
        }
        switch part {
        case .size, .otherSize: return rendition.shape == request.size.map(Shape.size) ? .kept : .converted
        case .aspectRatio:
            let ratio: AspectRatio? =
                switch rendition.shape {
                case .automatic: nil
                case .size(let size): size.ratio
                case .ratio(let ratio): ratio
                }
            return ratio == request.aspectRatio ? .kept : .converted
        case .count: return request.count > capabilities.maxImages ? .split : .kept
        case .png, .jpeg, .webp: return rendition.convertsFormat ? .converted : .kept
        case .compression:
            if rendition.convertsFormat { return .converted }
            return rendition.adapted.isEmpty ? .kept : .dropped
        case .transparency, .seed, .negativePrompt, .style, .moderation, .user, .mask, .partialImages:
            return rendition.adapted.isEmpty ? .kept : .dropped
        }
    }
}

/// Requests that ask a model for one thing each.
private struct Probe {
    var capabilities: ModelCapabilities

    init(_ capabilities: ModelCapabilities) {
        self.capabilities = capabilities
    }

    /// Nil where the model has nothing that could be asked for.
    func request(for part: FidelityTable.Part) -> ImageRequest? {
        let operation: Operation =
            part == .mask || !capabilities.operations.contains(.generate) ? .edit : .generate
        var request = ImageRequest(operation: operation)
        request.prompt = "a red fox"
        if operation != .generate { request.references = [Self.picture] }
        if part == .mask || operation == .edit && capabilities.requiresMask { request.mask = Self.picture }
        switch part {
        case .size:
            guard let size = ownSize else { return nil }
            request.size = size
        case .otherSize:
            guard let ratio = ownSize?.ratio, let size = ratio.size(longest: 7) else { return nil }
            request.size = size
        case .aspectRatio:
            guard let ratio = ownRatio else { return nil }
            request.aspectRatio = ratio
        case .count: request.count = 10
        case .png: request.format = .png
        case .jpeg: request.format = .jpeg
        case .webp: request.format = .webp
        case .compression:
            // In a format that the model makes, if there is one: how others are made is said of them.
            let isWebP = capabilities.formats.contains(.webp) && !capabilities.formats.contains(.jpeg)
            request.format = isWebP ? .webp : .jpeg
            request.compression = 60
        case .transparency: request.background = .transparent
        case .seed: request.seed = 7
        case .negativePrompt: request.negativePrompt = "hands"
        case .style: request.style = capabilities.styles?.min() ?? "vivid"
        case .moderation: request.moderation = .low
        case .user: request.user = "u-1"
        case .mask: break
        case .partialImages:
            request.stream = true
            request.partialImages = 1
        }
        // The format asked for is beside the point of all other parts.
        if request.format == nil, part != .transparency, let own = ownFormat { request.format = own }
        return request
    }

    private static let picture = InputImage(
        source: .bytes([]),
        format: .png,
        size: .usual,
        hasAlpha: true,
        digest: "probe"
    )

    private var ownFormat: ImageFormat? {
        [.png, .webp, .jpeg].first(where: capabilities.formats.contains)
    }

    /// A size that the model makes, or one of a ratio that it makes.
    private var ownSize: PixelSize? {
        switch capabilities.shapes {
        case .any: .usual
        case .sizes(let sizes): sizes.first
        case .ratios(let ratios): ratios.first?.size(longest: 1024)
        case .free(let bounds):
            bounds.contains(.usual)
                ? .usual
                : FreeSizeSearch(size: .usual, ratio: PixelSize.usual.ratio, bounds: bounds, tolerance: 0.01).nearest
        }
    }

    private var ownRatio: AspectRatio? {
        if case .ratios(let ratios) = capabilities.shapes { return ratios.first }
        return ownSize?.ratio
    }
}

extension AspectRatio {
    /// A size of this ratio whose longest edge has about so many pixels, and no fewer than the ratio's own terms.
    fileprivate func size(longest: Int) -> PixelSize? {
        let factor = max(1, longest / max(width, height))
        return PixelSize(width: width * factor, height: height * factor)
    }
}
