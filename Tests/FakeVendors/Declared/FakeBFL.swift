import Orchestrator

/// Black Forest Labs: submit at the API's host, poll at the regional one that the answer names.
package final class FakeBFL: WorkKeeping {
    package let key: String
    package let books = VendorBooks()
    package let delivery = DeliveryHost()
    package let commonHeaders: [(name: String, value: String)] = []
    package let documentedFailures: [Failure] = [
        .badRequest, .badKey, .insufficientQuota, .modelGone, .rateLimited, .server, .overloaded, .runFailed,
        .moderation, .runSensitive, .runAborted,
    ]
    let works = WorkBook()
    private let regional = Lock("https://api.eu1.bfl.ai")

    package init(key: String = uniqueHex(36)) { self.key = key }

    package func serve(regionAt origin: String, delivery deliveryOrigin: String) {
        regional.withLock { $0 = origin }
        delivery.serve(at: deliveryOrigin)
    }

    private static func rules(_ more: [String: FieldRules.Kind]) -> FieldRules {
        let common: [String: FieldRules.Kind] = [
            "prompt": .text, "seed": .integer(0...Int(UInt32.max)), "output_format": .word(["jpeg", "png"]),
            "safety_tolerance": .integer(0...6), "prompt_upsampling": .flag, "webhook_url": .text,
            "webhook_secret": .text,
        ]
        return FieldRules(members: common.merging(more) { $1 }, required: ["prompt"])
    }

    private static let edge = FieldRules.Kind.integer(256...1440)
    private static let models: [String: (rules: FieldRules, cost: Int)] = [
        "flux-pro-1.1": (rules(["width": edge, "height": edge]), 40_000),
        "flux-pro-1.1-ultra": (rules(["aspect_ratio": .text, "raw": .flag]), 60_000),
        "flux-kontext-pro": (
            rules(["aspect_ratio": .text, "input_image": .base64, "input_image_2": .base64]), 40_000
        ),
    ]

    package func respond(to request: FakeRequest, as call: Int) throws(Refusal) -> FakeReply {
        books.note(call) { $0.isCreate = request.method == "POST" }
        guard request.header("x-key") == key else {
            throw Refusal(reply: reply(for: .badKey, step: .ok), reason: "wrong key")
        }
        if request.method == "GET", request.path == "/v1/get_result", let id = request.query["id"] {
            return try result(id)
        }
        guard request.method == "POST", let name = request.path(after: "/v1/"), let model = Self.models[name] else {
            throw Refusal(reply: reply(for: .modelGone, step: .ok), reason: "no endpoint '\(request.path)'")
        }
        guard let body = request.jsonObject else {
            throw Refusal(reply: .json(422, ["detail": "not a JSON object"]), reason: "no JSON")
        }
        var complaint = model.rules.complaint(body)
        for name in ["width", "height"] where (body[name]?.int ?? 0) % 32 != 0 {
            complaint = (name, "must be a multiple of 32")
        }
        if let complaint {
            throw Refusal(reply: invalid(complaint.field, complaint.message), reason: "\(complaint)")
        }
        let step = books.nextStep()
        if !Self.failsInside(step), let reply = misconduct(step, call: call, costMicroUSD: model.cost) { return reply }
        let ratio = body["aspect_ratio"]?.string.map { naturalSize($0) }
        let work = WorkBook.Work(
            id: uniqueHex(32),
            call: call,
            step: step,
            count: 1,
            width: body["width"]?.int ?? ratio?.width ?? 1024,
            height: body["height"]?.int ?? ratio?.height ?? 768,
            format: body["output_format"] == "png" ? .png : .jpeg,
            costMicroUSD: model.cost
        )
        works.begin(work)
        let address = regional.withLock { $0 } + "/v1/get_result?id=\(work.id)"
        return .json(200, ["id": .string(work.id), "polling_url": .string(address)])
    }

    private static func failsInside(_ step: Step) -> Bool {
        if case .fail(.moderation) = step.conduct { true } else { step.failsInsideRun }
    }

    private func result(_ id: String) throws(Refusal) -> FakeReply {
        func state(_ word: String, _ result: JSON = .null) -> FakeReply {
            .json(200, ["id": .string(id), "status": .string(word), "result": result, "progress": .null])
        }
        switch works.look(id) {
        case nil: return .json(404, ["id": .string(id), "status": "Task not found", "result": .null])
        case .tooFast?: throw Refusal(reply: .json(429, ["detail": "slow down"]), reason: "polled too fast")
        case .waiting?, .running?: return state("Pending")
        case .canceled?: return state("Error")
        case .justDone(let work)?:
            if case .fail(let failure) = work.step.conduct {
                switch failure {
                case .moderation: return state("Request Moderated")
                case .runSensitive: return state("Content Moderated")
                case .runAborted: return .json(404, ["id": .string(id), "status": "Task not found", "result": .null])
                default: return state("Error")
                }
            }
            let link = draw(work).map { bytes in
                delivery.publish(
                    work.step.isOutputDead ? nil : bytes,
                    type: work.format.mediaType,
                    fileExtension: work.format.fileExtension
                )
            }
            guard let link = link.first else { return state("Ready", [:]) }
            works.finish(id, ["sample": .string(link), "seed": 7, "prompt": "a fox, as drawn", "duration": JSON(1.5)])
            return state("Ready", works.find(id)?.output ?? .null)
        case .done(let work)?: return state("Ready", work.output)
        }
    }

    private func invalid(_ field: String, _ message: String) -> FakeReply {
        .json(422, ["detail": [["loc": ["body", .string(field)], "msg": .string(message), "type": "value_error"]]])
    }

    package func reply(for failure: Failure, step: Step) -> FakeReply {
        func error(_ status: Int, _ text: String) -> FakeReply {
            .json(status, ["detail": .string(text + step.marker)])
        }
        switch failure {
        case .badRequest: return invalid("prompt", "string too long" + step.marker)
        case .badKey: return error(403, "Not authenticated")
        case .insufficientQuota: return error(402, "Insufficient credits")
        case .modelGone: return error(404, "Not Found")
        case .rateLimited: return error(429, "Too many active tasks")
        case .overloaded: return error(503, "Service Unavailable")
        default: return error(500, "Internal Server Error")
        }
    }
}
