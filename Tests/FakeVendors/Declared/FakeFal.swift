import Orchestrator

/// fal.ai's queue: submit, status, result and cancel at addresses that the first answer names.
package final class FakeFal: WorkKeeping {
    package let key: String
    package let books = VendorBooks()
    package let delivery = DeliveryHost()
    package let commonHeaders: [(name: String, value: String)] = []
    package let documentedFailures: [Failure] = [
        .badRequest, .badKey, .insufficientQuota, .modelGone, .rateLimited, .server, .moderation, .runFailed,
        .runOutOfMemory,
    ]
    let works = WorkBook()
    private let origin = Lock("https://queue.fal.run")
    /// Where the addresses in answers point, if elsewhere.
    private let strangeOrigin = Lock<String?>(nil)

    package init(key: String = uniqueHex(36) + ":" + uniqueHex(32)) { self.key = key }

    package func serve(at origin: String, delivery deliveryOrigin: String) {
        self.origin.withLock { $0 = origin }
        delivery.serve(at: deliveryOrigin)
    }

    /// Makes answers name addresses at another origin.
    package func pointElsewhere(_ origin: String?) { strangeOrigin.withLock { $0 = origin } }

    private static let flux = FieldRules(
        members: [
            "prompt": .text,
            "image_size": .either(
                .object(
                    FieldRules(
                        members: ["width": .integer(64...4096), "height": .integer(64...4096)],
                        required: ["width", "height"]
                    )
                ),
                .word(["square_hd", "square", "portrait_4_3", "portrait_16_9", "landscape_4_3", "landscape_16_9"])
            ),
            "num_images": .integer(1...4), "seed": .integer(0...Int(UInt32.max)),
            "output_format": .word(["jpeg", "png"]),
            "enable_safety_checker": .flag, "num_inference_steps": .integer(1...50), "guidance_scale": .number(1...20),
            "sync_mode": .flag,
        ],
        required: ["prompt"]
    )
    private static let kontext = FieldRules(
        members: [
            "prompt": .text, "image_url": .dataURI,
            "aspect_ratio": .word(["21:9", "16:9", "4:3", "3:2", "1:1", "2:3", "3:4", "9:16", "9:21"]),
            "num_images": .integer(1...4), "seed": .integer(0...Int(UInt32.max)),
            "output_format": .word(["jpeg", "png"]),
            "guidance_scale": .number(1...20), "sync_mode": .flag,
            "safety_tolerance": .word(["1", "2", "3", "4", "5", "6"]),
        ],
        required: ["prompt", "image_url"]
    )
    private static let models: [String: (rules: FieldRules, cost: Int)] = [
        "fal-ai/flux/schnell": (flux, 3000), "fal-ai/flux/dev": (flux, 25_000),
        "fal-ai/flux-pro/kontext": (kontext, 40_000),
    ]

    package func respond(to request: FakeRequest, as call: Int) throws(Refusal) -> FakeReply {
        let path = request.path.split(separator: "/").map(String.init)
        books.note(call) { $0.isCreate = request.method == "POST" }
        guard request.header("authorization") == "Key \(key)" else {
            throw Refusal(reply: reply(for: .badKey, step: .ok), reason: "wrong key")
        }
        // The subpath of a model is for submitting alone.
        guard path.count >= 4, path[2] == "requests" else {
            return try submit(path.joined(separator: "/"), request, call)
        }
        switch (request.method, path.count, path.last) {
        case ("GET", 5, "status"): return try status(path[3])
        case ("GET", 4, _): return try result(path[3])
        case ("PUT", 5, "cancel"):
            switch works.cancel(path[3]) {
            case true?: return .json(202, ["status": "CANCELLATION_REQUESTED"])
            case false?: return .json(400, ["status": "ALREADY_COMPLETED"])
            case nil: throw notFound
            }
        default: throw Refusal(reply: .json(405, ["detail": "Method Not Allowed"]), reason: "\(request.method)")
        }
    }

    private var notFound: Refusal {
        Refusal(reply: .json(404, ["detail": "Request not found"]), reason: "unknown request")
    }

    private func submit(_ id: String, _ request: FakeRequest, _ call: Int) throws(Refusal) -> FakeReply {
        guard request.method == "POST", let model = Self.models[id] else {
            throw Refusal(reply: reply(for: .modelGone, step: .ok), reason: "no model '\(id)'")
        }
        guard let body = request.jsonObject else {
            throw Refusal(reply: .json(422, ["detail": "not a JSON object"]), reason: "no JSON")
        }
        if let complaint = model.rules.complaint(body) {
            throw Refusal(
                reply: invalid(complaint.field, complaint.message, "value_error"),
                reason: "\(complaint.field): \(complaint.message)"
            )
        }
        let step = books.nextStep()
        let count = body["num_images"]?.int ?? 1
        if !Self.failsInside(step), let reply = misconduct(step, call: call, costMicroUSD: model.cost * count) {
            return reply
        }
        let ratio = body["aspect_ratio"]?.string.map { naturalSize($0) }
        let work = WorkBook.Work(
            id: uniqueHex(32),
            call: call,
            step: step,
            count: count,
            width: body.value(at: "/image_size/width")?.int ?? ratio?.width ?? 1024,
            height: body.value(at: "/image_size/height")?.int ?? ratio?.height ?? 768,
            format: body["output_format"] == "png" ? .png : .jpeg,
            costMicroUSD: model.cost * count
        )
        works.begin(work)
        let base = (strangeOrigin.withLock { $0 } ?? origin.withLock { $0 }) + "/fal-ai/flux/requests/\(work.id)"
        return .json(
            200,
            [
                "request_id": .string(work.id), "response_url": .string(base), "status_url": .string(base + "/status"),
                "cancel_url": .string(base + "/cancel"), "status": "IN_QUEUE", "queue_position": 0,
            ]
        )
    }

    private static func failsInside(_ step: Step) -> Bool {
        if case .fail(.moderation) = step.conduct { true } else { step.failsInsideRun }
    }

    private func status(_ id: String) throws(Refusal) -> FakeReply {
        var body: JSONObject = ["request_id": .string(id)]
        switch works.look(id) {
        case nil: throw notFound
        case .tooFast?: throw Refusal(reply: .json(429, ["detail": "Too many requests"]), reason: "polled too fast")
        case .waiting?:
            body["status"] = "IN_QUEUE"
            body["queue_position"] = 1
            return .json(202, .object(body))
        case .running?:
            body["status"] = "IN_PROGRESS"
            return .json(202, .object(body))
        case .justDone(let work)?: works.finish(id, output(work))
        case .done?, .canceled?: break
        }
        body["status"] = "COMPLETED"
        body["metrics"] = ["inference_time": JSON(1.5)]
        if case .fail(.runOutOfMemory)? = works.find(id)?.step.conduct {
            body["error"] = "Runner disconnected"
            body["error_type"] = "runner_disconnected"
        }
        return .json(200, .object(body))
    }

    private func output(_ work: WorkBook.Work) -> JSON {
        if Self.failsInside(work.step) { return .null }
        let images = draw(work).map { bytes -> JSON in
            [
                "url": .string(
                    delivery.publish(
                        work.step.isOutputDead ? nil : bytes,
                        type: work.format.mediaType,
                        fileExtension: work.format.fileExtension
                    )
                ),
                "width": JSON(work.width), "height": JSON(work.height), "content_type": .string(work.format.mediaType),
            ]
        }
        return [
            "images": .array(images), "seed": 7, "prompt": "a fox, as drawn", "timings": ["inference": JSON(1.5)],
            // The first of several is held back, or the only one.
            "has_nsfw_concepts": .array(images.indices.map { .bool(work.step.isFiltered && $0 == 0) }),
        ]
    }

    private func result(_ id: String) throws(Refusal) -> FakeReply {
        guard let work = works.find(id) else { throw notFound }
        guard work.polls > work.step.startingPolls + work.step.processingPolls else {
            throw Refusal(reply: .json(400, ["detail": "Request is still in progress"]), reason: "collected too early")
        }
        if case .fail(let failure) = work.step.conduct { return reply(for: failure, step: work.step) }
        return damaged(.json(200, work.output), work.step)
    }

    private func invalid(_ field: String, _ message: String, _ type: String, marker: String = "") -> FakeReply {
        .json(
            422,
            ["detail": [["loc": ["body", .string(field)], "msg": .string(message + marker), "type": .string(type)]]],
            headers: [("x-fal-error-type", type)]
        )
    }

    package func reply(for failure: Failure, step: Step) -> FakeReply {
        func error(_ status: Int, _ text: String, type: String? = nil) -> FakeReply {
            .json(
                status,
                ["detail": .string(text + step.marker)],
                headers: type.map { [("x-fal-error-type", $0)] } ?? []
            )
        }
        switch failure {
        case .badRequest: return invalid("prompt", "string is too long", "string_too_long", marker: step.marker)
        case .badKey: return error(401, "Cannot access application. Authentication is required")
        case .insufficientQuota: return error(403, "User is locked. Reason: Exhausted balance.")
        case .modelGone: return error(404, "Application 'gone' not found")
        case .rateLimited: return error(429, "Reached concurrent requests limit")
        case .server: return error(500, "Internal Server Error")
        case .moderation:
            return invalid(
                "prompt",
                "The content could not be processed because it was flagged by a content checker.",
                "content_policy_violation",
                marker: step.marker
            )
        case .runFailed: return error(500, "Downstream failure", type: "runner_server_error")
        default: return error(503, "no runner", type: "startup_timeout")
        }
    }
}

extension JSONObject {
    func value(at pointer: String) -> JSON? { JSON.object(self).value(at: pointer) }
}
