internal import Orchestrator

extension AnswerFacts {
    /// The form kept in the record.
    var json: JSON {
        var object = JSONObject()
        object["response_format"] = .string(responseFormat.rawValue)
        object["format"] = .string(format.rawValue)
        object["background"] = .string(background.rawValue)
        object["tier"] = tier.map { .string($0.rawValue) }
        object["usage"] = usage.map(\.json)
        if !missing.isEmpty { object["missing"] = .array(missing.map(\.json)) }
        return .object(object)
    }

    init?(_ json: JSON) {
        guard let responseFormat = json["response_format"]?.string.flatMap(ResponseFormat.init(rawValue:)),
            let format = json["format"]?.string.flatMap(ImageFormat.init(rawValue:)),
            let background = json["background"]?.string.flatMap(Background.init(rawValue:))
        else { return nil }
        self.init(responseFormat: responseFormat, format: format, background: background)
        if let word = json["tier"] {
            guard let tier = word.string.flatMap(Tier.init(rawValue:)) else { return nil }
            self.tier = tier
        }
        if let counts = json["usage"] {
            guard let usage = TokenUsage(counts) else { return nil }
            self.usage = usage
        }
        for picture in json["missing"]?.array ?? [] {
            guard let picture = MissingPicture(picture) else { return nil }
            missing.append(picture)
        }
    }
}

extension MissingPicture {
    fileprivate var json: JSON { [JSON(slot), .string(label)] }

    fileprivate init?(_ json: JSON) {
        guard let slot = json[0]?.int, let label = json[1]?.string else { return nil }
        self.init(slot: slot, label: label)
    }
}

extension TokenUsage {
    var json: JSON {
        .array([textInput, imageInput, imageOutput, textOutput].map { .number(JSONNumber(Int64($0))) })
    }

    init?(_ json: JSON) {
        guard let counts = json.array?.compactMap(\.int), counts.count == 4 else { return nil }
        self.init(textInput: counts[0], imageInput: counts[1], imageOutput: counts[2], textOutput: counts[3])
    }
}
