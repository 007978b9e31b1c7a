import Orchestrator

/// AUTOMATIC1111's web UI with `--api --api-auth`: one thing at a time, pictures as bare base64.
package final class FakeWebUI: FakeVendor {
    /// `user:password`.
    package let key: String
    package let books = VendorBooks()
    package let commonHeaders: [(name: String, value: String)] = []
    package let documentedFailures: [Failure] = [.badRequest, .badKey, .runOutOfMemory, .server]

    package init(key: String = "me:" + uniqueHex(20)) { self.key = key }

    private static let text2image: [String: FieldRules.Kind] = [
        "prompt": .text, "negative_prompt": .text, "width": .integer(64...2048), "height": .integer(64...2048),
        "steps": .integer(1...150), "cfg_scale": .number(1...30), "sampler_name": .text,
        "seed": .integer(-1...Int(UInt32.max)),
        "batch_size": .integer(1...8), "n_iter": .integer(1...100),
        "override_settings": .object(FieldRules(members: ["sd_model_checkpoint": .text])),
        "override_settings_restore_afterwards": .flag, "styles": .list(.text),
    ]
    private static let image2image = text2image.merging([
        "init_images": .list(.anyPicture), "mask": .anyPicture, "denoising_strength": .number(0...1),
        "inpainting_fill": .integer(0...3), "mask_blur": .integer(0...64),
    ]) { $1 }

    package func respond(to request: FakeRequest, as call: Int) throws(Refusal) -> FakeReply {
        books.note(call) { $0.isCreate = request.method == "POST" }
        let pair = "Basic " + Base64.encode(Array(key.utf8))
        guard request.header("authorization") == pair else {
            throw Refusal(reply: reply(for: .badKey, step: .ok), reason: "wrong password")
        }
        let rules: FieldRules
        switch (request.method, request.path) {
        case ("POST", "/sdapi/v1/txt2img"): rules = FieldRules(members: Self.text2image)
        case ("POST", "/sdapi/v1/img2img"): rules = FieldRules(members: Self.image2image, required: ["init_images"])
        default: throw Refusal(reply: .json(404, ["detail": "Not Found"]), reason: request.path)
        }
        guard let body = request.jsonObject else {
            throw Refusal(reply: .json(422, ["detail": "no JSON"]), reason: "no JSON")
        }
        if let complaint = rules.complaint(body) {
            throw Refusal(
                reply: .json(
                    422,
                    ["detail": [["loc": ["body", .string(complaint.field)], "msg": .string(complaint.message)]]]
                ),
                reason: "\(complaint)"
            )
        }
        guard (books.entries.calls.filter { $0.isCreate && !$0.isFinished }).count <= 1 else {
            throw Refusal(reply: reply(for: .server, step: .ok), reason: "two things at once")
        }
        let step = books.nextStep()
        if let reply = misconduct(step, call: call, costMicroUSD: 0) { return reply }
        let count = step.pictureCount ?? (body["batch_size"]?.int ?? 1) * (body["n_iter"]?.int ?? 1)
        let images = (0..<count).map { _ -> JSON in
            .string(
                Base64.encode(
                    books.draw(
                        .png,
                        width: body["width"]?.int ?? 512,
                        height: body["height"]?.int ?? 512,
                        by: step
                    )
                )
            )
        }
        return damaged(
            .json(200, ["images": .array(images), "parameters": [:], "info": "{\"seed\": 7, \"all_seeds\": [7]}"]),
            step
        )
    }

    package func reply(for failure: Failure, step: Step) -> FakeReply {
        switch failure {
        case .badKey: return .json(401, ["detail": "Incorrect username or password"])
        case .badRequest:
            return .json(422, ["error": "HTTPException", "detail": .string("Sampler not found" + step.marker)])
        case .runOutOfMemory:
            return .json(
                500,
                [
                    "error": "OutOfMemoryError", "detail": "", "body": "",
                    "errors": "CUDA out of memory. Tried to allocate",
                ]
            )
        default: return .json(500, ["error": "RuntimeError", "detail": "", "body": "", "errors": .string(step.marker)])
        }
    }
}
