/// Usage as `/v1/usage/users` and `/v1/usage/system` show it.
package enum UsageAnswer {
    /// The members that say what was used; each of them begins with `prefix`.
    package static func sums(_ row: UsageRow, prefix: String = "") -> JSONObject {
        var body: JSONObject = [:]
        body[prefix + "requests"] = .integer(row.requests)
        body[prefix + "images"] = .integer(row.images)
        body[prefix + "tokens"] = .integer(row.tokens.input + row.tokens.output)
        body["failed_requests"] = .integer(row.failed)
        body["cost_usd"] = .text(row.cost)
        body["credits"] = .integer(row.credits)
        return body
    }

    /// Groups as a list, each with its name under `name`.
    package static func groups(_ rows: [UsageRow], name: String) -> JSON {
        .array(
            rows.map { row in
                var body: JSONObject = [:]
                body[name] = .string(row.group)
                for (key, value) in sums(row) { body[key] = value }
                return .object(body)
            }
        )
    }

    /// One request, however it ended.
    package static func detail(of job: JobRecord) -> JSON {
        let (usage, served) = (job.answer.usage?.bounded ?? .zero, served(job))
        let took = job.finished.map { max($0.milliseconds - job.created.milliseconds, 0) }
        return [
            "id": .string(job.id.text), "created": .text(job.created),
            "type": .string(job.operation == .generate ? "generation" : job.operation.rawValue),
            "status": .string(job.status.rawValue), "request_id": .string(job.requestID), "key": .text(job.key),
            "requested_model": job.request["model"] ?? .null, "model": .text(served?.model),
            "provider": .text(served?.provider), "policy": .string(job.policy),
            "prompt": job.request["prompt"] ?? .null, "size": job.request["size"] ?? .null,
            "quality": .text(served?.tier.rawValue), "n": job.request["n"] ?? .null,
            "images": .integer(delivered(job)), "input_images": .integer(job.request["images"]?.array?.count ?? 0),
            "total_tokens": .integer(usage.input + usage.output),
            "input_tokens": .integer(usage.input), "output_tokens": .integer(usage.output),
            "text_tokens": .integer(usage.textInput), "image_tokens": .integer(usage.imageInput),
            "attempts": .integer(job.attempts.count), "cost_usd": .text(job.cost),
            "credits": .integer(job.credits.charged), "response_ms": took.map { .integer($0) } ?? .null,
            "error": job.error.flatMap { $0.body["error"] } ?? .null,
        ]
    }

    /// The attempt that made the pictures, or the last one.
    private static func served(_ job: JobRecord) -> AttemptRecord? {
        job.attempts.last { $0.outcome == .ok } ?? job.attempts.last
    }

    /// Pictures may have been deleted since; what was delivered was.
    private static func delivered(_ job: JobRecord) -> Int {
        job.status == .succeeded ? job.attempts.reduce(0) { $0 + $1.delivered } : 0
    }
}

extension TokenUsage {
    /// As the sums count it, whatever a vendor says.
    fileprivate var bounded: TokenUsage {
        func bound(_ count: Int) -> Int { min(max(count, 0), 1_000_000_000) }
        return TokenUsage(
            textInput: bound(textInput),
            imageInput: bound(imageInput),
            imageOutput: bound(imageOutput),
            textOutput: bound(textOutput)
        )
    }
}
