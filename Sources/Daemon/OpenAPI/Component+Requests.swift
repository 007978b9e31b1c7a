import Orchestrator

// What the image routes take.
extension Component {
    /// A text with at least one character that is not white.
    private static let words = "^[^\\u0000]*[^\\s\\u0000][^\\u0000]*$"

    /// The body of an image route. In a form every field is text, which is read as its JSON schema says; files stand for
    /// pictures.
    static func request(_ operation: Operation, isForm: Bool) -> JSON {
        var required: JSONObject = [:]
        var optional = Schema.nullable(wishes)
        let prompt = Schema.text(1...32_000, pattern: words)
        if operation == .variation {
            optional["prompt"] = Schema.nullable(Schema.text(0...32_000))
        } else {
            required["prompt"] = prompt
        }
        if isForm {
            optional["image"] = picture
            optional["image[]"] = Schema.array(picture, 1...16)
            if operation == .edit { optional["mask"] = picture }
        } else if operation != .generate {
            optional["images"] = Schema.nullable(Schema.array(Schema.object(["image_url": Schema.text]), 1...16))
            optional["image"] = Schema.nullable(["anyOf": [Schema.text, Schema.array(Schema.text, 1...16)]])
            if operation == .edit { optional["mask"] = Schema.nullable(["anyOf": [Schema.text, Schema.object]]) }
        }
        return Schema.object(required, optional: optional)
    }

    private static let picture: JSON = ["type": "string", "format": "binary"]

    private static var wishes: JSONObject {
        [
            "model": Schema.text(0...256),
            "n": Schema.integer(1...10, usually: 1),
            "size": ["anyOf": [Schema.pixelSize, Schema.constant("auto")]],
            "aspect_ratio": [
                "anyOf": [
                    ["type": "string", "pattern": "^[1-9][0-9]{0,2}:[1-9][0-9]{0,2}$"], Schema.constant("auto"),
                ]
            ],
            "quality": Schema.choice(Tier.allCases.map(\.rawValue) + ["auto", "standard", "hd"]),
            "background": Schema.choice(Background.self),
            "moderation": Schema.choice(ModerationLevel.self),
            "output_format": Schema.choice(ImageFormat.self),
            "output_compression": Schema.integer(0...100),
            "response_format": Schema.choice(ResponseFormat.self),
            "style": Schema.text(0...100),
            "stream": Schema.flag,
            "partial_images": Schema.integer(0...3, usually: 0),
            "seed": Schema.integer(0...4_294_967_295),
            "negative_prompt": Schema.text(0...10_000),
            "user": Schema.text(0...512),
            "metadata": Schema.object,
            "routing": Schema.named(.routing),
            "webhook": Schema.named(.webhook),
        ]
    }

    static var routingWishes: JSON {
        Schema.object(
            [:],
            optional: Schema.nullable([
                "policy": Schema.named(.policy),
                "max_cost_usd": Schema.dollarWish,
                "min_score": Schema.number,
                "providers": Schema.array(Schema.text),
                "exclude": Schema.array(Schema.text),
                "fidelity": Schema.choice(Fidelity.self),
                "fallback": Schema.flag,
                "max_attempts": Schema.integer(1...6),
            ])
        )
    }

    /// What `POST /v1/routes/explain` takes: pictures are numbers and flags.
    static var preview: JSON {
        let more: JSONObject = [
            "operation": Schema.choice(Operation.self), "references": Schema.integer(0...16), "mask": Schema.flag,
        ]
        return Schema.object(
            ["prompt": Schema.text(1...32_000, pattern: words)],
            optional: Schema.nullable(Schema.members(wishes, more))
        )
    }

    /// What `POST /v1/credits/estimate` takes.
    static var estimate: JSON {
        let more: JSONObject = [
            "prompt": Schema.text(1...32_000, pattern: words), "operation": Schema.choice(Operation.self),
            "references": Schema.integer(0...16), "mask": Schema.flag, "is_edit": Schema.flag,
        ]
        return Schema.object([:], optional: Schema.nullable(Schema.members(wishes, more)))
    }
}
