import Orchestrator

/// A valid call to one of Stability's services.
struct StabilityOrder: Sendable {
    var service: StabilityService
    var costMicroUSD: Int
    var format: ImageFormat
    var width: Int
    var height: Int
    /// 0 stands for a random one.
    var seed: Int
    var prompt: String
}

extension StabilityOrder {
    init(_ service: StabilityService, _ form: FormBody) throws(Refusal) {
        self.service = service
        let facts = try StabilityOrder.check(form, service)
        try StabilityOrder.checkCombination(form, service)
        costMicroUSD = service.costMicroUSD
        if service.path == "generate/sd3" {
            let name = form.text("model") ?? "sd3.5-large"
            costMicroUSD = StabilityService.diffusion3Models.first { $0.name == name }?.costMicroUSD ?? 0
        }
        format = form.text("output_format").flatMap { ImageFormat(name: $0) } ?? .png
        seed = form.text("seed").flatMap { Int($0) } ?? 0
        prompt = form.text("prompt") ?? form.text("background_prompt") ?? ""
        let ratio = form.text("aspect_ratio") ?? "1:1"
        let row = StabilityService.ratios.first { $0.name == ratio } ?? StabilityService.ratios[0]
        (width, height) = (row.width, row.height)
        guard let input = facts, !["generate/ultra", "control/style"].contains(service.path) else { return }
        (width, height) = (input.width, input.height)
        if service.path == "upscale/fast" { (width, height) = (4 * width, 4 * height) }
        if service.path == "edit/outpaint" {
            func side(_ name: String) -> Int { form.text(name).flatMap { Int($0) } ?? 0 }
            width += side("left") + side("right")
            height += side("up") + side("down")
        }
    }

    /// Checks each field alone; the facts are those of the main picture.
    private static func check(_ form: FormBody, _ service: StabilityService) throws(Refusal) -> ImageFacts? {
        for name in service.required.keys.sorted()
        where !form.parts.contains(where: { $0.name == name && !$0.bytes.isEmpty }) {
            throw .stability("\(name): is required")
        }
        var main: ImageFacts?
        var seen: Set<String> = []
        for part in form.parts {
            guard let field = service.required[part.name] ?? service.optional[part.name] else {
                throw .stability("\(part.name): is not allowed")
            }
            guard seen.insert(part.name).inserted else { throw .stability("\(part.name): must be given once") }
            if part.fileName == nil, part.contentType?.lowercased().contains("charset") ?? false {
                throw .stability("\(part.name): content type must not state a charset")
            }
            let facts = try value(part, field)
            if ["image", "subject_image", "init_image"].contains(part.name) { main = facts }
        }
        return main
    }

    private static func value(_ part: FormBody.Part, _ field: StabilityService.Field) throws(Refusal) -> ImageFacts? {
        let name = part.name
        if case .file(let rule) = field { return try upload(part, rule) }
        guard part.fileName == nil else { throw .stability("\(name): must not be a file") }
        let text = part.text
        switch field {
        case .text(let longest):
            guard (1...longest).contains(text.unicodeScalars.count) else {
                throw .stability("\(name): must be 1 to \(longest) characters long")
            }
        case .number(let range):
            guard let number = Double(text) else { throw .stability("\(name): must be a number") }
            guard range.contains(number) else {
                throw .stability("\(name): must be between \(range.lowerBound) and \(range.upperBound)")
            }
        case .integer(let range):
            guard let number = Int(text) else { throw .stability("\(name): must be an integer") }
            guard range.contains(number) else {
                throw .stability("\(name): must be between \(range.lowerBound) and \(range.upperBound)")
            }
        case .choice(let words):
            guard words.contains(text) else {
                throw .stability("\(name): must be one of \(words.joined(separator: ", "))")
            }
        case .file:
            break
        }
        return nil
    }

    private static func upload(_ part: FormBody.Part, _ rule: StabilityService.UploadRule) throws(Refusal) -> ImageFacts
    {
        guard part.fileName != nil else { throw .stability("\(part.name): must be a file") }
        guard let facts = try? ImageInspector.facts(of: part.bytes) else {
            throw .stability("\(part.name): must be a valid jpeg, png or webp image")
        }
        let (long, short) = (max(facts.width, facts.height), min(facts.width, facts.height))
        guard rule.sides.contains(short), rule.sides.contains(long) else {
            throw .stability(
                "\(part.name): each side must have \(rule.sides.lowerBound) pixels or more, and not too many"
            )
        }
        guard facts.width * facts.height <= rule.area else {
            throw .stability("\(part.name): must have \(rule.area) pixels or fewer")
        }
        if let ratio = rule.longestRatio, Double(long) > ratio * Double(short) {
            throw .stability("\(part.name): aspect ratio must be between 1:\(ratio) and \(ratio):1")
        }
        return facts
    }

    /// Checks what fields ask of each other.
    private static func checkCombination(_ form: FormBody, _ service: StabilityService) throws(Refusal) {
        func has(_ name: String) -> Bool { form.parts.contains { $0.name == name } }
        switch service.path {
        case "generate/ultra":
            guard has("image") == has("strength") else {
                throw .stability("strength: is required with image, and only then")
            }
        case "generate/sd3":
            if form.text("mode") == "image-to-image" {
                guard has("image"), has("strength") else {
                    throw .stability("image: and strength are required for image-to-image")
                }
                guard !has("aspect_ratio") else { throw .stability("aspect_ratio: is not allowed for image-to-image") }
            } else {
                guard !has("image"), !has("strength") else {
                    throw .stability("image: and strength are not allowed for text-to-image")
                }
            }
        case "edit/outpaint":
            guard ["left", "right", "up", "down"].contains(where: { form.text($0).flatMap { Int($0) } ?? 0 > 0 }) else {
                throw .stability("left: at least one side must be greater than 0")
            }
        case "edit/replace-background-and-relight":
            guard has("background_prompt") || has("background_reference") else {
                throw .stability("background_prompt: or background_reference is required")
            }
        default:
            break
        }
    }
}

extension Refusal {
    /// Stability's error object.
    static func stability(
        _ message: String,
        name: String = "bad_request",
        status: Int = 400,
        isCallersMistake: Bool = true
    ) -> Refusal {
        Refusal(
            reply: .stabilityError(status, name, message),
            reason: "\(name): \(message)",
            isCallersMistake: isCallersMistake
        )
    }
}

extension FakeReply {
    static func stabilityError(_ status: Int, _ name: String, _ message: String, id: String? = nil) -> FakeReply {
        .json(
            status,
            ["id": .string(id ?? uniqueHex(32)), "name": .string(name), "errors": [.string(message)]]
        )
    }
}
