import FakeVendors
import Randomness

@testable import Orchestrator

/// Makes valid requests for the models of one vendor, every part of which its price may depend on.
struct RandomOrders {
    var random: SeededRandom
    let providers: [Provider]

    /// Pictures to send along: small files, some with more pixels than a megapixel.
    private static let pictures: [InputImage] = [(64, 64), (512, 384), (1024, 1024), (1200, 900), (2048, 1024)].map {
        width,
        height in
        let bytes = PictureMaker.make(.png, width: width, height: height, number: 1)
        return InputImage(
            source: .bytes(bytes),
            format: .png,
            size: PixelSize(width: width, height: height) ?? .usual,
            hasAlpha: false,
            digest: "\(width)x\(height)"
        )
    }

    mutating func next() -> ImageRequest {
        let provider = pick(providers)
        let model = pick(provider.models)
        let capabilities = model.capabilities
        let operation = pick(Operation.allCases.filter(capabilities.operations.contains))
        var request = ImageRequest(operation: operation)
        request.model = "\(provider.id)/\(model.id)"
        request.prompt = String(repeating: "a red fox ", count: Int.random(in: 1...40, using: &random))
        request.quality = .tier(pick(model.tiers).tier)
        request.count = Int.random(in: 1...10, using: &random)
        request.format = pick(ImageFormat.allCases.filter(capabilities.formats.contains))
        let isStability = provider.kind == "stability"
        // Some of Stability's services keep the shape of the picture, all want one for each of their fields, and one takes
        // no more than a megapixel.
        if operation == .generate || !isStability, Bool.random(using: &random) { chooseShape(&request, model) }
        if operation != .generate {
            let most = operation == .variation ? 1 : min(5, capabilities.maxReferences)
            let count = isStability ? capabilities.maxReferences : Int.random(in: 1...most, using: &random)
            request.references = (0..<count).map { _ in pick(Array(Self.pictures.prefix(isStability ? 3 : 5))) }
        }
        if capabilities.streams, Bool.random(using: &random) {
            request.stream = true
            request.partialImages = Int.random(in: 0...3, using: &random)
            // What several completed events of one stream count is not published.
            request.count = 1
        }
        return request
    }

    private mutating func chooseShape(_ request: inout ImageRequest, _ model: Model) {
        switch model.capabilities.shapes {
        case .any: request.size = .usual
        case .sizes(let sizes): request.size = pick(sizes)
        case .ratios(let ratios): request.aspectRatio = ratios.isEmpty ? nil : pick(ratios)
        case .free(let bounds):
            let listed = Array(model.tiers[0].price.bySize.keys).sorted { $0.description < $1.description }
            if !listed.isEmpty, Bool.random(using: &random) {
                request.size = pick(listed)
                return
            }
            while request.size == nil {
                let edges = (0..<2).map { _ in
                    Int.random(in: 1...bounds.maxEdge / bounds.multipleOf, using: &random) * bounds.multipleOf
                }
                guard let size = PixelSize(width: edges[0], height: edges[1]), bounds.contains(size) else { continue }
                request.size = size
            }
        }
    }

    private mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: elements.indices, using: &random)]
    }
}
