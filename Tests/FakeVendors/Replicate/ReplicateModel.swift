import Orchestrator

/// One image model on Replicate: its input schema, the shape of its output, and its price.
struct ReplicateModel: Sendable {
    let name: String
    /// 64 hexadecimal digits, where one is known.
    let version: String?
    let isListOutput: Bool
    let required: [String]
    let properties: JSONObject
    private let price: JSON

    /// All models of the fixture, by name.
    static let all: [String: ReplicateModel] = {
        let document = try? JSON(parsing: Fixture.bytes("replicate-models.json"))
        var models: [String: ReplicateModel] = [:]
        for (name, value) in document?.object ?? [:] {
            models[name] = ReplicateModel(
                name: name,
                version: value["version"]?.string,
                isListOutput: value["output"] == "list",
                required: value["required"]?.array?.compactMap(\.string) ?? [],
                properties: value["input"]?.object ?? [:],
                price: value["price"] ?? .null
            )
        }
        precondition(!models.isEmpty, "the fixture of Replicate's models is broken")
        return models
    }()

    /// Takes 64 hexadecimal digits, `owner/name:id`, or the name of an official model.
    static func version(_ text: String) -> ReplicateModel? {
        if let model = all.values.first(where: { $0.version == text }) { return model }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard let model = parts.first.flatMap({ all[String($0)] }) else { return nil }
        return parts.count == 1 || model.version == nil || parts[1] == model.version ?? "" ? model : nil
    }

    /// What `count` pictures of one run cost, in micro-dollars; `sent` are the pictures that came along.
    ///
    /// Whole megapixels of 1024 by 1024 pixels are counted of those, as their maker does; the price list names no rule.
    func costMicroUSD(_ input: JSONObject, count: Int, sent: [ImageFacts]) -> Int {
        var each = price["micro_usd"]?.int
        if let table = price["micro_usd"]?.object {
            let field = price["by"]?.string ?? ""
            let choice = input[field]?.string ?? properties[field]?["default"]?.string ?? "1K"
            each = table[choice]?.int ?? table.first?.value.int
        }
        let megapixels = sent.reduce(0) { $0 + ($1.width * $1.height + (1 << 20) - 1) >> 20 }
        return (each ?? 0) * (price["per"] == "image" ? count : 1)
            + (price["micro_usd_per_input_megapixel"]?.int ?? 0) * megapixels
    }

    /// The format in which the model draws.
    func format(_ input: JSONObject) -> ImageFormat {
        let stated = input["output_format"]?.string ?? properties["output_format"]?["default"]?.string
        return stated.flatMap { ImageFormat(name: $0) } ?? .png
    }

    /// The pixels that the input asks for, near enough to what the models draw.
    func size(_ input: JSONObject, inputPicture: ImageFacts?) -> (width: Int, height: Int) {
        func text(_ name: String) -> String? { input[name]?.string ?? properties[name]?["default"]?.string }
        if let size = text("size").flatMap({ PixelSize($0) }) { return (size.width, size.height) }
        let ratio = text("aspect_ratio")
        if let width = input["width"]?.int, let height = input["height"]?.int, ratio.map({ $0 == "custom" }) ?? true {
            return ((width + 8) / 16 * 16, (height + 8) / 16 * 16)
        }
        if ratio == "match_input_image" || (ratio == nil && input["image"] != nil), let facts = inputPicture {
            return (facts.width, facts.height)
        }
        let base = ReplicateModel.ratios.first { $0.name == ratio } ?? ReplicateModel.ratios[0]
        switch text("megapixels") ?? text("resolution") ?? text("image_size") ?? text("size") {
        case "0.25": return (base.width / 2, base.height / 2)
        case "4", "4 MP", "2K": return (base.width * 2, base.height * 2)
        case "4K": return (base.width * 4, base.height * 4)
        default: return (base.width, base.height)
        }
    }

    private static let ratios: [(name: String, width: Int, height: Int)] = [
        ("1:1", 1024, 1024), ("16:9", 1344, 768), ("21:9", 1536, 640), ("3:2", 1216, 832), ("2:3", 832, 1216),
        ("4:5", 896, 1088), ("5:4", 1088, 896), ("3:4", 896, 1152), ("4:3", 1152, 896), ("9:16", 768, 1344),
        ("9:21", 640, 1536), ("1:2", 704, 1408), ("2:1", 1408, 704),
    ]
}

extension ReplicateModel {
    /// One thing wrong with an input, as the vendor lists it.
    struct Complaint {
        var type: String
        var field: String
        var description: String
    }

    /// Everything wrong with an input, in its order.
    func complaints(_ input: JSONObject) -> [Complaint] {
        var found = required.filter { [nil, .null, .string("")].contains(input[$0]) }.map {
            Complaint(type: "required", field: "input", description: "\($0) is required")
        }
        for (name, value) in input {
            guard let schema = properties[name] else {
                let description = "Additional property \(name) is not allowed"
                found.append(
                    Complaint(type: "additional_property_not_allowed", field: "input.\(name)", description: description)
                )
                continue
            }
            if let (type, description) = ReplicateModel.complaint(value, schema) {
                found.append(Complaint(type: type, field: "input.\(name)", description: description))
            }
        }
        return found
    }

    private static func complaint(_ value: JSON, _ schema: JSON) -> (String, String)? {
        if value.isNull { return schema["nullable"] == true ? nil : ("invalid_type", "Invalid type. Given: null") }
        let type = schema["type"]?.string ?? "string"
        let fits =
            switch type {
            case "string": value.string != nil
            case "integer": value.int != nil
            case "number": value.number != nil
            case "boolean": value.bool != nil
            case "array": value.array != nil
            default: true
            }
        guard fits else { return ("invalid_type", "Invalid type. Expected: \(type)") }
        if let choices = schema["enum"]?.array, !choices.contains(value) {
            return ("enum", "must be one of the following: \(JSON.array(choices).text)")
        }
        if let number = value.double {
            if let bound = schema["minimum"]?.double, number < bound {
                return ("number_gte", "Must be greater than or equal to \(bound)")
            }
            if let bound = schema["maximum"]?.double, number > bound {
                return ("number_lte", "Must be less than or equal to \(bound)")
            }
        }
        if let list = value.array, let most = schema["maxItems"]?.int, list.count > most {
            return ("array_max_items", "Array must have at most \(most) items")
        }
        guard schema["format"] == "uri" || schema["items"] == "uri" else { return nil }
        let areLinks = (value.array ?? [value]).allSatisfy { $0.string?.isLink ?? false }
        return areLinks ? nil : ("format", "Does not match format 'uri'")
    }

    /// The picture inputs that are given, by the schema.
    func links(_ input: JSONObject) -> [String] {
        input.flatMap { name, value -> [String] in
            guard let schema = properties[name], schema["format"] == "uri" || schema["items"] == "uri" else {
                return []
            }
            return (value.array ?? [value]).compactMap(\.string)
        }
    }
}

extension String {
    fileprivate var isLink: Bool {
        hasPrefix("https://") || hasPrefix("http://") || hasPrefix("data:")
    }
}
