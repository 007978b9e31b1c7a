import Orchestrator

/// Ideogram 3.0: forms, several pictures a call, unsafe ones without an address.
package final class FakeIdeogram: FakeVendor {
    package let key: String
    package let books = VendorBooks()
    package let delivery = DeliveryHost()
    package let commonHeaders: [(name: String, value: String)] = []
    package let documentedFailures: [Failure] = [
        .badRequest, .badKey, .insufficientQuota, .moderation, .rateLimited, .server,
    ]

    package init(key: String = uniqueHex(40)) { self.key = key }

    package func serve(delivery origin: String) { delivery.serve(at: origin) }

    private static let ratios = [
        "1x3", "3x1", "1x2", "2x1", "9x16", "16x9", "10x16", "16x10", "2x3", "3x2", "3x4", "4x3", "4x5", "5x4", "1x1",
    ]
    private static let words: [String: [String]] = [
        "aspect_ratio": ratios, "rendering_speed": ["FLASH", "TURBO", "BALANCED", "DEFAULT", "QUALITY"],
        "magic_prompt": ["AUTO", "ON", "OFF"], "style_type": ["AUTO", "GENERAL", "REALISTIC", "DESIGN", "FICTION"],
        "num_images": (1...8).map { String($0) },
    ]
    private static let prices = ["TURBO": 30_000, "DEFAULT": 60_000, "QUALITY": 90_000]

    package func respond(to request: FakeRequest, as call: Int) throws(Refusal) -> FakeReply {
        books.note(call) { $0.isCreate = request.method == "POST" }
        guard request.header("api-key") == key else {
            throw Refusal(reply: reply(for: .badKey, step: .ok), reason: "wrong key")
        }
        let isRemix = request.path == "/v1/ideogram-v3/remix"
        guard request.method == "POST", isRemix || request.path == "/v1/ideogram-v3/generate" else {
            throw Refusal(reply: .json(404, ["error": "Not Found"]), reason: request.path)
        }
        let form: FormBody
        do throws(FormBody.Malformed) {
            form = try FormBody(parsing: request.body, contentType: request.header("content-type") ?? "")
        } catch {
            throw invalid("not a form: \(error.message)")
        }
        try check(form, isRemix: isRemix)
        let step = books.nextStep()
        let count = form.text("num_images").flatMap { Int($0) } ?? 1
        let cost = (Self.prices[form.text("rendering_speed") ?? "DEFAULT"] ?? 60_000) * count
        if let reply = misconduct(step, call: call, costMicroUSD: cost) { return reply }
        // Whatever is unsafe is paid all the same.
        books.charge(call, cost)
        let size = naturalSize(form.text("aspect_ratio") ?? "1x1", separator: "x")
        let data = (0..<(step.pictureCount ?? count)).map { index -> JSON in
            let bytes = books.draw(.png, width: size.width, height: size.height, by: step)
            let isSafe = !step.isFiltered || index > 0
            return [
                "prompt": "a fox, as drawn", "resolution": .string("\(size.width)x\(size.height)"),
                "is_image_safe": .bool(isSafe), "seed": JSON(index + 7), "style_type": "AUTO",
                "url": isSafe ? .string(delivery.publish(bytes, type: "image/png", fileExtension: "png")) : .null,
            ]
        }
        return damaged(.json(200, ["created": "2026-11-21T08:00:00Z", "data": .array(data)]), step)
    }

    private func check(_ form: FormBody, isRemix: Bool) throws(Refusal) {
        for part in form.parts {
            if part.fileName != nil {
                guard isRemix, part.name == "image", (try? ImageInspector.facts(of: part.bytes)) != nil else {
                    throw invalid("\(part.name) is no picture that is taken here")
                }
                continue
            }
            switch part.name {
            case "prompt", "negative_prompt": break
            case "seed":
                guard let seed = Int(part.text), (0...2_147_483_647).contains(seed) else { throw invalid("seed") }
            case "image_weight" where isRemix:
                guard let weight = Int(part.text), (1...100).contains(weight) else { throw invalid("image_weight") }
            default:
                guard let words = Self.words[part.name] else { throw invalid("unknown field \(part.name)") }
                guard words.contains(part.text) else { throw invalid("\(part.name) cannot be \(part.text)") }
            }
        }
        guard form.text("prompt")?.isEmpty == false else { throw invalid("prompt is required") }
        guard !isRemix || form.file("image") != nil else { throw invalid("image is required") }
    }

    private func invalid(_ why: String) -> Refusal {
        Refusal(reply: .json(400, ["error": .string(why)]), reason: why)
    }

    package func reply(for failure: Failure, step: Step) -> FakeReply {
        func error(_ status: Int, _ text: String) -> FakeReply {
            .json(status, ["error": .string(text + step.marker)])
        }
        switch failure {
        case .badKey: return error(401, "Not authorized")
        case .insufficientQuota: return error(402, "Insufficient credits")
        case .moderation: return error(422, "Prompt provided failed safety check")
        case .rateLimited: return error(429, "Too many requests")
        case .server: return error(500, "Internal error")
        default: return error(400, "Invalid prompt")
        }
    }
}
