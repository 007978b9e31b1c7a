import Orchestrator

/// ComfyUI: a graph of nodes is queued, its history tells of the outputs, files are fetched by name; no key.
package final class FakeComfyUI: WorkKeeping {
    package let key = ""
    package let books = VendorBooks()
    package let commonHeaders: [(name: String, value: String)] = []
    package let documentedFailures: [Failure] = [.badRequest, .runFailed, .server]
    let works = WorkBook()
    private let files = Lock<[String: [UInt8]]>([:])

    package init() {}

    package func resetState() {
        works.reset()
        files.withLock { $0 = [:] }
    }

    private static func node(_ inputs: [String: FieldRules.Kind]) -> FieldRules {
        FieldRules(members: inputs, required: Set(inputs.keys))
    }

    private static let link = FieldRules.Kind.list(.either(.text, .integer(0...9)))
    private static let nodes: [String: FieldRules] = [
        "KSampler": node([
            "seed": .integer(0...Int(UInt32.max)), "steps": .integer(1...10_000), "cfg": .number(0...100),
            "sampler_name": .word(["euler", "dpmpp_2m"]), "scheduler": .word(["normal", "karras"]),
            "denoise": .number(0...1), "model": link, "positive": link, "negative": link, "latent_image": link,
        ]),
        "CheckpointLoaderSimple": node(["ckpt_name": .word(["sd_xl_base_1.0.safetensors"])]),
        "EmptyLatentImage": node([
            "width": .integer(16...16_384), "height": .integer(16...16_384), "batch_size": .integer(1...4096),
        ]),
        "CLIPTextEncode": node(["text": .text, "clip": link]),
        "VAEDecode": node(["samples": link, "vae": link]), "VAEEncode": node(["pixels": link, "vae": link]),
        "SaveImage": node(["filename_prefix": .text, "images": link]), "LoadImage": node(["image": .text]),
        "RepeatLatentBatch": node(["samples": link, "amount": .integer(1...64)]),
    ]

    package func respond(to request: FakeRequest, as call: Int) throws(Refusal) -> FakeReply {
        let path = request.path.split(separator: "/").map(String.init)
        books.note(call) { $0.isCreate = request.path == "/prompt" }
        switch (request.method, path.first) {
        case ("POST", "prompt") where path.count == 1: return try queue(request, call)
        case ("GET", "history") where path.count == 2: return try history(path[1])
        case ("GET", "view") where path.count == 1: return try view(request)
        case ("POST", "upload") where path == ["upload", "image"]: return try upload(request)
        default: throw Refusal(reply: FakeReply(404, body: Array("404: Not Found".utf8)), reason: request.path)
        }
    }

    private func queue(_ request: FakeRequest, _ call: Int) throws(Refusal) -> FakeReply {
        guard let body = request.jsonObject, let graph = body["prompt"]?.object,
            body.keys.allSatisfy({ ["prompt", "client_id", "extra_data"].contains($0) })
        else {
            throw Refusal(reply: invalid("no_prompt", "No prompt provided", [:]), reason: "no prompt")
        }
        for (id, node) in graph {
            let type = node["class_type"]?.string ?? ""
            guard let rules = Self.nodes[type], let inputs = node["inputs"]?.object else {
                throw Refusal(reply: invalid("invalid_prompt", "Cannot execute", [:]), reason: "node \(id)")
            }
            var complaint = rules.complaint(inputs)
            for (name, value) in inputs where complaint == nil && type != "EmptyLatentImage" {
                if let source = value.array?.first?.string, graph[source] == nil {
                    complaint = (name, "leads to no node")
                }
            }
            if type == "LoadImage", let name = inputs["image"]?.string, files.withLock({ $0["input/" + name] }) == nil {
                complaint = ("image", "Invalid image file")
            }
            if let complaint {
                let details: JSON = [["type": "value_error", "details": .string(complaint.message)]]
                throw Refusal(
                    reply: invalid(
                        "prompt_outputs_failed_validation",
                        "Prompt outputs failed validation",
                        [
                            id: ["errors": details, "class_type": .string(type)]
                        ]
                    ),
                    reason: "node \(id): \(complaint)"
                )
            }
        }
        let step = books.nextStep()
        if !step.failsInsideRun, let reply = misconduct(step, call: call, costMicroUSD: 0) { return reply }
        let latent = graph.first { $0.value["class_type"] == "EmptyLatentImage" }?.value["inputs"]
        let repeated = graph.first { $0.value["class_type"] == "RepeatLatentBatch" }?.value.value(at: "/inputs/amount")?
            .int
        let loaded = graph.first { $0.value["class_type"] == "LoadImage" }?.value.value(at: "/inputs/image")?.string
        let facts = loaded.flatMap { name in files.withLock { $0["input/" + name] } }
            .flatMap { try? ImageInspector.facts(of: $0) }
        let id = uniqueHex(8) + "-" + uniqueHex(4)
        works.begin(
            WorkBook.Work(
                id: id,
                call: call,
                step: step,
                count: latent?["batch_size"]?.int ?? repeated ?? 1,
                width: latent?["width"]?.int ?? facts?.width ?? 512,
                height: latent?["height"]?.int ?? facts?.height ?? 512,
                format: .png,
                costMicroUSD: 0
            )
        )
        return .json(200, ["prompt_id": .string(id), "number": 1, "node_errors": [:]])
    }

    private func history(_ id: String) throws(Refusal) -> FakeReply {
        switch works.look(id) {
        // An unknown id has no history either.
        case nil, .waiting?, .running?: return .json(200, [:])
        case .tooFast?: throw Refusal(reply: FakeReply(429), reason: "polled too fast")
        case .canceled?: return .json(200, [:])
        case .justDone(let work)?:
            if case .fail = work.step.conduct {
                works.finish(
                    id,
                    [
                        "outputs": [:],
                        "status": ["status_str": "error", "completed": false, "messages": [["execution_error", [:]]]],
                    ]
                )
            } else {
                let images = draw(work).enumerated().map { index, bytes -> JSON in
                    let name = "orchestrator_\(id)_\(index) a&b.png"
                    files.withLock { $0["output/" + name] = bytes }
                    return ["filename": .string(name), "subfolder": "", "type": "output"]
                }
                works.finish(
                    id,
                    [
                        "outputs": ["9": ["images": .array(images)]],
                        "status": ["status_str": "success", "completed": true, "messages": []],
                    ]
                )
            }
        case .done?: break
        }
        return .json(200, .object(JSONObject([(id, works.find(id)?.output ?? .null)])))
    }

    private func view(_ request: FakeRequest) throws(Refusal) -> FakeReply {
        let name = request.query["filename"]?.percentDecoded ?? ""
        guard request.query["subfolder"] == "", request.query["type"] == "output",
            let bytes = files.withLock({ $0["output/" + name] })
        else { throw Refusal(reply: FakeReply(404), reason: "no file '\(name)'") }
        return FakeReply(200, headers: [("content-type", "image/png")], body: bytes)
    }

    private func upload(_ request: FakeRequest) throws(Refusal) -> FakeReply {
        guard let form = try? FormBody(parsing: request.body, contentType: request.header("content-type") ?? ""),
            let file = form.file("image"), (try? ImageInspector.facts(of: file.bytes)) != nil,
            form.parts.allSatisfy({ ["image", "overwrite", "type", "subfolder"].contains($0.name) })
        else { throw Refusal(reply: FakeReply(400), reason: "no picture") }
        let name = "upload-\(uniqueHex(6)).png"
        files.withLock { $0["input/" + name] = file.bytes }
        return .json(200, ["name": .string(name), "subfolder": "", "type": "input"])
    }

    private func invalid(_ type: String, _ message: String, _ nodes: JSONObject) -> FakeReply {
        .json(
            400,
            [
                "error": ["type": .string(type), "message": .string(message), "details": "", "extra_info": [:]],
                "node_errors": .object(nodes),
            ]
        )
    }

    package func reply(for failure: Failure, step: Step) -> FakeReply {
        switch failure {
        case .badRequest:
            invalid("prompt_outputs_failed_validation", "Prompt outputs failed validation" + step.marker, [:])
        default: FakeReply(500, body: Array("500 Internal Server Error".utf8))
        }
    }
}

extension String {
    /// The text behind percent-encoding.
    var percentDecoded: String {
        var bytes: [UInt8] = []
        var rest = Array(utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            else {
                bytes.append(byte)
                continue
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
