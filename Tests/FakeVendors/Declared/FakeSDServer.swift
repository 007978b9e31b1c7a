import Orchestrator

/// The native API of stable-diffusion.cpp's server: jobs with relative addresses; no key.
package final class FakeSDServer: WorkKeeping {
    package let key = ""
    package let books = VendorBooks()
    package let commonHeaders: [(name: String, value: String)] = []
    package let documentedFailures: [Failure] = [.badRequest, .rateLimited, .server, .runFailed, .runAborted]
    let works = WorkBook()

    package init() {}

    private static let rules = FieldRules(
        members: [
            "prompt": .text, "negative_prompt": .text, "width": .integer(64...4096), "height": .integer(64...4096),
            "strength": .number(0...1), "seed": .integer(-1...Int(UInt32.max)), "batch_count": .integer(1...8),
            "init_image": .anyPicture, "mask_image": .anyPicture, "ref_images": .list(.anyPicture),
            "sample_params": .object(FieldRules(members: ["sample_steps": .integer(1...100), "sample_method": .text])),
            "output_format": .word(["png", "jpeg", "webp"]), "output_compression": .integer(0...100),
        ],
        required: ["prompt"]
    )

    package func respond(to request: FakeRequest, as call: Int) throws(Refusal) -> FakeReply {
        let path = request.path.split(separator: "/").map(String.init)
        books.note(call) { $0.isCreate = request.path == "/sdcpp/v1/img_gen" }
        guard request.header("authorization") == nil else {
            throw Refusal(reply: .json(400, ["error": "a key"]), reason: "nobody asked for a key")
        }
        switch (request.method, path.count, path.dropFirst(2).first) {
        case ("POST", 3, "img_gen"): return try begin(request, call)
        case ("GET", 4, "jobs"): return try job(path[3])
        case ("POST", 5, "jobs") where path[4] == "cancel":
            switch works.cancel(path[3]) {
            case true?: return .json(200, ["id": .string(path[3]), "status": "cancelled"])
            case false?: return .json(409, ["error": ["code": "conflict", "message": "job is over"]])
            case nil: throw notFound
            }
        default: throw notFound
        }
    }

    private var notFound: Refusal {
        Refusal(reply: .json(404, ["error": ["code": "not_found", "message": "no such job"]]), reason: "not found")
    }

    private func begin(_ request: FakeRequest, _ call: Int) throws(Refusal) -> FakeReply {
        guard let body = request.jsonObject else {
            throw Refusal(reply: reply(for: .badRequest, step: .ok), reason: "no JSON")
        }
        if let complaint = Self.rules.complaint(body) {
            throw Refusal(reply: reply(for: .badRequest, step: .ok), reason: "\(complaint)")
        }
        let step = books.nextStep()
        if !step.failsInsideRun, let reply = misconduct(step, call: call, costMicroUSD: 0) { return reply }
        let id = "job_" + uniqueHex(10)
        works.begin(
            WorkBook.Work(
                id: id,
                call: call,
                step: step,
                count: body["batch_count"]?.int ?? 1,
                width: body["width"]?.int ?? 512,
                height: body["height"]?.int ?? 512,
                format: ImageFormat(rawValue: body["output_format"]?.string ?? "png") ?? .png,
                costMicroUSD: 0
            )
        )
        return .json(
            202,
            [
                "id": .string(id), "kind": "img_gen", "status": "queued", "created": 1_775_401_200,
                "poll_url": .string("/sdcpp/v1/jobs/\(id)"),
            ]
        )
    }

    private func job(_ id: String) throws(Refusal) -> FakeReply {
        func state(_ word: String, result: JSON = .null, error: JSON = .null) -> FakeReply {
            .json(
                200,
                [
                    "id": .string(id), "kind": "img_gen", "status": .string(word), "queue_position": 0,
                    "result": result, "error": error,
                ]
            )
        }
        switch works.look(id) {
        case nil: throw notFound
        case .tooFast?: throw Refusal(reply: reply(for: .rateLimited, step: .ok), reason: "polled too fast")
        case .waiting?: return state("queued")
        case .running?: return state("generating")
        case .canceled?:
            return state("cancelled", error: ["code": "cancelled", "message": "job cancelled by client"])
        case .justDone(let work)?:
            switch work.step.conduct {
            case .fail(.runAborted): return .json(410, ["error": ["code": "gone", "message": "job expired"]])
            case .fail:
                let error: JSON = ["code": "generation_failed", "message": "generate_image returned empty results"]
                return state("failed", error: error)
            default: break
            }
            let images = draw(work).enumerated().map { index, bytes -> JSON in
                ["index": JSON(index), "b64_json": .string(Base64.encode(bytes))]
            }
            works.finish(id, ["output_format": .string(work.format.rawValue), "images": .array(images)])
            return state("completed", result: works.find(id)?.output ?? .null)
        case .done(let work)?: return state("completed", result: work.output)
        }
    }

    package func reply(for failure: Failure, step: Step) -> FakeReply {
        switch failure {
        case .badRequest: .json(400, ["error": "invalid generation parameters", "message": .string(step.marker)])
        case .rateLimited: .json(429, ["error": "job queue is full"])
        default: .json(500, ["error": "server_error", "message": .string(step.marker)])
        }
    }
}
