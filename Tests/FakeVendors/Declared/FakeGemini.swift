import Orchestrator

/// Google's `generateContent` for models that draw: one picture a call, refusals as successes without one.
package final class FakeGemini: FakeVendor {
    package let key: String
    package let books = VendorBooks()
    package let commonHeaders: [(name: String, value: String)] = []
    package let documentedFailures: [Failure] = [
        .badRequest, .badKey, .notVerified, .insufficientQuota, .modelGone, .rateLimited, .server, .overloaded,
        .moderation, .contentPolicy, .runSensitive, .runFailed,
    ]

    package init(key: String = "AIza" + uniqueHex(35)) { self.key = key }

    private static let ratios = ["1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"]
    private static let part = FieldRules(
        members: [
            "text": .text,
            "inlineData": .object(
                FieldRules(
                    members: ["mimeType": .word(["image/png", "image/jpeg", "image/webp"]), "data": .base64],
                    required: ["mimeType", "data"]
                )
            ),
        ]
    )
    private static let rules = FieldRules(
        members: [
            "contents": .list(
                .object(FieldRules(members: ["parts": .list(.object(part)), "role": .text], required: ["parts"]))
            ),
            "generationConfig": .object(
                FieldRules(
                    members: [
                        "responseModalities": .list(.word(["TEXT", "IMAGE"])),
                        "imageConfig": .object(
                            FieldRules(members: ["aspectRatio": .word(ratios), "imageSize": .word(["1K", "2K", "4K"])])
                        ),
                        "seed": .integer(0...Int(Int32.max)), "candidateCount": .integer(1...1),
                    ]
                )
            ),
        ],
        required: ["contents"]
    )
    private static let models: [String: Int] = ["gemini-2.5-flash-image": 39_000, "gemini-3-pro-image": 134_000]

    package func respond(to request: FakeRequest, as call: Int) throws(Refusal) -> FakeReply {
        books.note(call) { $0.isCreate = request.method == "POST" }
        guard request.header("x-goog-api-key") == key else {
            throw Refusal(reply: reply(for: .badKey, step: .ok), reason: "wrong key")
        }
        guard request.method == "POST", let path = request.path(after: "/v1beta/models/"),
            path.hasSuffix(":generateContent"), let cost = Self.models[String(path.dropLast(16))]
        else { throw Refusal(reply: reply(for: .modelGone, step: .ok), reason: "no '\(request.path)'") }
        guard let body = request.jsonObject, Self.rules.complaint(body) == nil,
            let parts = body.value(at: "/contents/0/parts")?.array, parts.contains(where: { $0["text"] != nil }),
            parts.allSatisfy({ $0.object?.count == 1 })
        else {
            let complaint = request.jsonObject.flatMap { Self.rules.complaint($0) }
            throw Refusal(reply: reply(for: .badRequest, step: .ok), reason: "\(complaint.debugDescription)")
        }
        let step = books.nextStep()
        if case .fail(let failure) = step.conduct, let refusal = Self.refusal(failure) {
            return .json(200, refusal)
        }
        if let reply = misconduct(step, call: call, costMicroUSD: cost) { return reply }
        if step.pictureCount == 0 { return .json(200, Self.words) }
        books.charge(call, cost)
        let size = naturalSize(body.value(at: "/generationConfig/imageConfig/aspectRatio")?.string ?? "1:1")
        let picture = books.draw(.png, width: size.width, height: size.height, by: step)
        let tokens = cost == 39_000 ? 1290 : 1120
        return damaged(
            .json(
                200,
                [
                    "candidates": [
                        [
                            "content": [
                                "parts": [
                                    ["text": "Here is your picture."],
                                    [
                                        "inlineData": [
                                            "mimeType": "image/png", "data": .string(Base64.encode(picture)),
                                        ]
                                    ],
                                ],
                                "role": "model",
                            ],
                            "finishReason": "STOP", "index": 0,
                        ]
                    ],
                    "usageMetadata": [
                        "promptTokenCount": 10, "candidatesTokenCount": JSON(tokens),
                        "totalTokenCount": JSON(tokens + 10),
                    ],
                    "modelVersion": "fake",
                ]
            ),
            step
        )
    }

    private static let words: JSON = [
        "candidates": [
            ["content": ["parts": [["text": "I can only talk about it."]], "role": "model"], "finishReason": "STOP"]
        ]
    ]

    private static func refusal(_ failure: Failure) -> JSON? {
        switch failure {
        case .moderation: ["promptFeedback": ["blockReason": "PROHIBITED_CONTENT"], "usageMetadata": [:]]
        case .contentPolicy:
            ["candidates": [["finishReason": "IMAGE_SAFETY", "finishMessage": "Unable to show.", "index": 0]]]
        case .runSensitive: ["candidates": [["content": [:], "finishReason": "IMAGE_RECITATION"]]]
        case .runFailed: ["candidates": [["content": [:], "finishReason": "NO_IMAGE"]]]
        default: nil
        }
    }

    package func reply(for failure: Failure, step: Step) -> FakeReply {
        func error(_ code: Int, _ status: String, _ text: String, reason: String? = nil) -> FakeReply {
            var body: JSONObject = [
                "code": JSON(code), "message": .string(text + step.marker), "status": .string(status),
            ]
            if let reason {
                body["details"] = [["@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": .string(reason)]]
            }
            return .json(code, ["error": .object(body)])
        }
        switch failure {
        case .badKey: return error(400, "INVALID_ARGUMENT", "API key not valid.", reason: "API_KEY_INVALID")
        case .notVerified: return error(403, "PERMISSION_DENIED", "The caller does not have permission")
        case .insufficientQuota: return error(400, "FAILED_PRECONDITION", "Please enable billing on your project")
        case .modelGone: return error(404, "NOT_FOUND", "models/gone is not found for API version v1beta")
        case .rateLimited: return error(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota")
        case .server: return error(500, "INTERNAL", "An internal error has occurred")
        case .overloaded: return error(503, "UNAVAILABLE", "The model is overloaded")
        default: return error(400, "INVALID_ARGUMENT", "Invalid JSON payload received.")
        }
    }
}
