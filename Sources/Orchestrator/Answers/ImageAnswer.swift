/// The answer of the image routes: OpenAI's own shape, whoever served.
package struct ImageAnswer: Sendable {
    package var job: JobRecord
    /// The link of each picture, by its place.
    package var link: @Sendable (ImageRecord) -> String

    package init(_ job: JobRecord, link: @escaping @Sendable (ImageRecord) -> String) {
        self.job = job
        self.link = link
    }

    /// The body with links.
    package var body: JSON {
        var body = head
        body["data"] = .array(
            job.images.map { image in
                var item: JSONObject = ["url": .string(link(image))]
                if let prompt = image.revisedPrompt { item["revised_prompt"] = .string(prompt) }
                return .object(item)
            }
        )
        for (name, value) in tail { body[name] = value }
        return .object(body)
    }

    /// Everything before `data`; split off so that pictures can be written without a copy of the whole answer.
    package var head: JSONObject {
        ["created": .integer(job.created.seconds)]
    }

    /// Everything after `data`.
    package var tail: JSONObject {
        var tail = Self.description(of: job.images.first, job)
        tail["usage"] = Self.usage(job.answer.usage ?? .zero, withOutputDetails: true)
        return tail
    }

    /// The fields that say what a picture is, in answers and events alike.
    package static func description(of image: ImageRecord?, _ job: JobRecord) -> JSONObject {
        let isTransparent = image?.hasAlpha == true && job.answer.background == .transparent
        return [
            "size": .string(image.map { "\($0.size)" } ?? "auto"),
            "quality": .string((job.answer.tier ?? .low).rawValue),
            "background": .string(isTransparent ? "transparent" : "opaque"),
            "output_format": .string((image?.format ?? job.answer.format).rawValue),
        ]
    }

    /// OpenAI's usage block; stream events of the vendor have no output details.
    package static func usage(_ usage: TokenUsage, withOutputDetails: Bool) -> JSON {
        var block: JSONObject = [
            "total_tokens": .integer(usage.input + usage.output),
            "input_tokens": .integer(usage.input),
            "output_tokens": .integer(usage.output),
            "input_tokens_details": [
                "text_tokens": .integer(usage.textInput), "image_tokens": .integer(usage.imageInput),
            ],
        ]
        if withOutputDetails {
            block["output_tokens_details"] = [
                "image_tokens": .integer(usage.imageOutput), "text_tokens": .integer(usage.textOutput),
            ]
        }
        return .object(block)
    }

    /// The headers that name who served, at what price and with which changes.
    package static func headers(_ job: JobRecord) -> [(name: String, value: String)] {
        var headers = [
            (name: "x-job-id", value: job.id.text),
            (name: "x-orchestrator-policy", value: job.policy),
            (name: "x-orchestrator-attempts", value: "\(job.attempts.count)"),
            (name: "x-orchestrator-cost-usd", value: "\(job.cost)"),
        ]
        // Several vendors may have shared the work; the header then names each once, in order.
        func unique(_ names: [String]) -> String {
            names.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }.joined(separator: ",")
        }
        if !job.images.isEmpty {
            headers.append((name: "x-orchestrator-provider", value: unique(job.images.map(\.provider))))
            headers.append((name: "x-orchestrator-model", value: unique(job.images.map(\.model))))
        }
        if !job.adapted.isEmpty {
            headers.append((name: "x-orchestrator-adapted", value: unique(job.adapted.map(\.field))))
        }
        return headers
    }
}
