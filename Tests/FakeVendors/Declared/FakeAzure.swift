import Orchestrator

/// OpenAI's image models as Azure serves them: a deployment in the path, a version in the query, `api-key`.
package final class FakeAzure: FakeVendor {
    package let key: String
    package let books = VendorBooks()
    package let commonHeaders: [(name: String, value: String)] = [("apim-request-id", uniqueHex(32))]
    package let documentedFailures: [Failure] = [
        .badRequest, .badKey, .modelGone, .insufficientQuota, .rateLimited, .server, .overloaded, .moderation,
        .contentPolicy, .runFailed,
    ]

    package init(key: String = uniqueHex(32)) { self.key = key }

    private static let sizes = ["1024x1024", "1536x1024", "1024x1536", "auto"]
    private static let rules = FieldRules(
        members: [
            "prompt": .text, "n": .integer(1...10), "size": .word(sizes),
            "quality": .word(["low", "medium", "high", "auto"]), "output_format": .word(["png", "jpeg"]),
            "output_compression": .integer(0...100), "background": .word(["transparent", "opaque", "auto"]),
            "user": .text,
        ],
        required: ["prompt"]
    )

    package func respond(to request: FakeRequest, as call: Int) throws(Refusal) -> FakeReply {
        books.note(call) { $0.isCreate = request.method == "POST" }
        guard request.header("api-key") == key else {
            throw Refusal(reply: reply(for: .badKey, step: .ok), reason: "wrong key")
        }
        guard request.query["api-version"] == "2025-04-01-preview" else {
            throw Refusal(
                reply: .json(404, ["error": ["code": "404", "message": "Resource not found"]]),
                reason: "version"
            )
        }
        guard request.method == "POST", let path = request.path(after: "/openai/deployments/gpt-image-2/images/") else {
            throw Refusal(reply: reply(for: .modelGone, step: .ok), reason: "no '\(request.path)'")
        }
        let order =
            switch path {
            case "generations": try order(request.jsonObject)
            case "edits": try order(request)
            default: throw Refusal(reply: reply(for: .modelGone, step: .ok), reason: path)
            }
        let step = books.nextStep()
        let price = ["low": 6000, "medium": 53_000][order["quality"]?.string ?? ""] ?? 211_000
        let count = order["n"]?.int ?? 1
        if case .fail(.runFailed) = step.conduct {
            // Relays in front of it are seen to do this.
            return .json(200, ["error": ["code": "server_error", "message": "The server had an error"]])
        }
        if let reply = misconduct(step, call: call, costMicroUSD: price * count) { return reply }
        let size = PixelSize(order["size"]?.string ?? "") ?? PixelSize(width: 1024, height: 1024)
        let format = ImageFormat(rawValue: order["output_format"]?.string ?? "png") ?? .png
        let made = step.pictureCount ?? count
        let tokens = price * made / 30
        books.charge(call, tokens * 30 + 9 * 5)
        let data = (0..<made).map { _ -> JSON in
            let isTransparent = order["background"] == "transparent"
            let bytes = books.draw(
                format,
                width: size?.width ?? 1024,
                height: size?.height ?? 1024,
                isTransparent: isTransparent,
                by: step
            )
            return [
                "b64_json": .string(Base64.encode(bytes)), "revised_prompt": "a fox, as drawn",
                "content_filter_results": ["hate": ["filtered": false, "severity": "safe"]],
            ]
        }
        return damaged(
            .json(
                200,
                [
                    "created": 1_795_000_000, "data": .array(data),
                    "usage": [
                        "input_tokens": 9, "output_tokens": JSON(tokens), "total_tokens": JSON(tokens + 9),
                        "input_tokens_details": ["text_tokens": 9, "image_tokens": 0],
                    ],
                ]
            ),
            step
        )
    }

    private func order(_ body: JSONObject?) throws(Refusal) -> JSONObject {
        guard let body else { throw Refusal(reply: reply(for: .badRequest, step: .ok), reason: "no JSON") }
        if let complaint = Self.rules.complaint(body) {
            throw Refusal(reply: reply(for: .badRequest, step: .ok), reason: "\(complaint)")
        }
        return body
    }

    /// An edit's form, its text fields as a document.
    private func order(_ request: FakeRequest) throws(Refusal) -> JSONObject {
        guard let form = try? FormBody(parsing: request.body, contentType: request.header("content-type") ?? "") else {
            throw Refusal(reply: reply(for: .badRequest, step: .ok), reason: "no form")
        }
        var body = JSONObject()
        var pictures = 0
        for part in form.parts {
            guard part.fileName == nil else {
                guard ["image[]", "mask"].contains(part.name), (try? ImageInspector.facts(of: part.bytes)) != nil else {
                    throw Refusal(reply: reply(for: .badRequest, step: .ok), reason: "file '\(part.name)'")
                }
                pictures += part.name == "image[]" ? 1 : 0
                continue
            }
            body[part.name] =
                ["n", "output_compression"].contains(part.name) ? Int(part.text).map { JSON($0) } : .string(part.text)
        }
        guard pictures > 0 else { throw Refusal(reply: reply(for: .badRequest, step: .ok), reason: "no picture") }
        return try order(body)
    }

    package func reply(for failure: Failure, step: Step) -> FakeReply {
        func error(_ status: Int, _ code: String, _ text: String, inner: JSON? = nil) -> FakeReply {
            var body: JSONObject = ["code": .string(code), "message": .string(text + step.marker)]
            body["inner_error"] = inner
            return .json(status, ["error": .object(body)])
        }
        switch failure {
        case .badKey: return error(401, "401", "Access denied due to invalid subscription key")
        case .modelGone: return error(404, "DeploymentNotFound", "The API deployment does not exist.")
        case .insufficientQuota: return error(429, "insufficient_quota", "You exceeded your current quota")
        case .rateLimited:
            return error(429, "429", "Requests have exceeded the call rate limit. Please retry after 12 seconds.")
        case .server: return error(500, "InternalServerError", "The server had an error")
        case .overloaded: return error(503, "ServiceUnavailable", "The service is temporarily unable")
        case .moderation: return error(400, "contentFilter", "Your task failed as a result of our safety system.")
        case .contentPolicy:
            let inner: JSON = ["code": "ResponsibleAIPolicyViolation", "content_filter_results": ["jailbreak": [:]]]
            return error(400, "content_policy_violation", "Your request was rejected", inner: inner)
        default: return error(400, "invalidPayload", "Invalid value")
        }
    }
}
