/// A job as `/v1/jobs` shows it.
package enum JobAnswer {
    package static func body(of job: JobRecord, link: (ImageRecord) -> String) -> JSON {
        [
            "id": .string(job.id.text),
            "object": "job",
            "operation": .string(job.operation.rawValue),
            "status": .string(job.status.rawValue),
            "created": .text(job.created),
            "started": .text(job.started),
            "finished": .text(job.finished),
            "request": .object(job.request),
            "policy": .string(job.policy),
            "images": .array(job.images.map { image($0, url: link($0)) }),
            "missing": .array(
                job.answer.missing.map { ["n": .integer($0.slot + 1), "error": .string($0.label)] }
            ),
            "attempts": .array(job.attempts.map(attempt)),
            "adapted": .array(job.adapted.map(adaptation)),
            "cost_usd": .text(job.cost),
            "credits": [
                "reserved": .integer(job.credits.reserved), "charged": .integer(job.credits.charged),
                "refunded": .integer(job.credits.refunded),
            ],
            "error": job.error.flatMap { $0.body["error"] } ?? .null,
        ]
    }

    private static func image(_ image: ImageRecord, url: String) -> JSON {
        var body: JSONObject = [
            "id": .string(image.id.text),
            "url": .string(url),
            "size": .text(image.size),
            "output_format": .string(image.format.rawValue),
            "provider": .string(image.provider),
            "model": .string(image.model),
            "cost_usd": .text(image.cost),
            "sha256": .string(image.digest),
        ]
        if let seed = image.seed { body["seed"] = .text(seed) }
        if let provenance = image.provenance { body["provenance"] = .string(provenance.rawValue) }
        if let original = image.original { body["original"] = .object(self.original(original)) }
        return .object(body)
    }

    /// The file that a picture was made from.
    package static func original(_ file: OriginalFile) -> JSONObject {
        ["output_format": .string(file.format.rawValue), "sha256": .string(file.digest)]
    }

    private static func attempt(_ attempt: AttemptRecord) -> JSON {
        let end = attempt.ended?.milliseconds
        return [
            "n": .integer(attempt.n),
            "provider": .string(attempt.provider),
            "model": .string(attempt.model),
            "started": .text(attempt.started),
            "ms": end.map { .integer(max($0 - attempt.started.milliseconds, 0)) } ?? .null,
            "outcome": attempt.outcome.map { .string($0.rawValue) } ?? .null,
            "error": .text(attempt.label),
            "cost_usd": .text(attempt.cost),
        ]
    }

    private static func adaptation(_ change: Adaptation) -> JSON {
        [
            "field": .string(change.field), "asked": .string(change.asked), "given": .string(change.given),
            "why": .string(change.why),
        ]
    }
}
