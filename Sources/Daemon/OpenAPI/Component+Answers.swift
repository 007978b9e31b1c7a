import Orchestrator

// What the routes of pictures, jobs and models answer.
extension Component {
    static var imagesAnswer: JSON {
        let picture = Schema.object(
            [:],
            optional: ["url": Schema.link, "b64_json": Schema.text, "revised_prompt": Schema.text]
        )
        let details: JSON = Schema.object(["text_tokens": Schema.count, "image_tokens": Schema.count])
        return Schema.object([
            "created": Schema.count, "data": Schema.array(picture),
            "size": Schema.text, "quality": Schema.choice(Tier.self),
            "background": Schema.choice(["transparent", "opaque"]), "output_format": Schema.choice(ImageFormat.self),
            "usage": Schema.object(
                [
                    "total_tokens": Schema.count, "input_tokens": Schema.count, "output_tokens": Schema.count,
                    "input_tokens_details": details,
                ],
                optional: ["output_tokens_details": details]
            ),
        ])
    }

    static var routePreview: JSON {
        let candidate = Schema.object([
            "provider": Schema.text, "model": Schema.text, "tier": Schema.choice(Tier.self),
            "cost_usd": Schema.dollars, "score": Schema.nullable(Schema.number),
            "latency_ms": Schema.nullable(Schema.count), "sends": Schema.anything,
        ])
        let exclusion = Schema.object([
            "provider": Schema.text, "model": Schema.text, "reason": Schema.text, "constraint": Schema.text,
        ])
        return Schema.object([
            "policy": Schema.text, "candidates": Schema.array(candidate), "excluded": Schema.array(exclusion),
            "cost_usd": Schema.nullable(Schema.dollars), "credits": Schema.count,
        ])
    }

    static var jobObject: JSON {
        let picture = Schema.object(
            [
                "id": Schema.id(ImageID.self), "url": Schema.link, "size": Schema.pixelSize,
                "output_format": Schema.choice(ImageFormat.self), "provider": Schema.text, "model": Schema.text,
                "cost_usd": Schema.dollars, "sha256": Schema.digest,
            ],
            optional: ["seed": Schema.text, "provenance": Schema.text, "original": Schema.object]
        )
        let change = Schema.object([
            "field": Schema.text, "asked": Schema.text, "given": Schema.text, "why": Schema.text,
        ])
        return Schema.object([
            "id": Schema.id(JobID.self), "object": Schema.constant("job"), "operation": Schema.choice(Operation.self),
            "status": Schema.choice(JobStatus.self), "created": Schema.time,
            "started": Schema.nullable(Schema.time), "finished": Schema.nullable(Schema.time),
            "request": Schema.object, "policy": Schema.text, "images": Schema.array(picture),
            "missing": Schema.array(Schema.object(["n": Schema.count, "error": Schema.text])),
            "attempts": Schema.array(Schema.named(.attempt)), "adapted": Schema.array(change),
            "cost_usd": Schema.dollars,
            "credits": Schema.object([
                "reserved": Schema.integer, "charged": Schema.integer, "refunded": Schema.integer,
            ]),
            "error": Schema.nullable(Schema.object),
        ])
    }

    static var attemptObject: JSON {
        Schema.object([
            "n": Schema.count, "provider": Schema.text, "model": Schema.text, "started": Schema.time,
            "ms": Schema.nullable(Schema.count), "outcome": Schema.nullable(Schema.choice(AttemptOutcome.self)),
            "error": Schema.nullable(Schema.text), "cost_usd": Schema.dollars,
        ])
    }

    static var imageObject: JSON {
        Schema.object([
            "id": Schema.id(ImageID.self), "object": Schema.constant("image"), "url": Schema.link,
            "prompt": Schema.text, "created_at": Schema.time, "operation": Schema.choice(Operation.self),
            "size": Schema.pixelSize, "quality": Schema.choice(Tier.self),
            "output_format": Schema.choice(ImageFormat.self), "bytes": Schema.count, "provider": Schema.text,
            "model": Schema.text, "cost_usd": Schema.dollars, "sha256": Schema.digest,
            "job_id": Schema.id(JobID.self), "is_public": Schema.flag, "provenance": Schema.nullable(Schema.text),
            "original": Schema.nullable(Schema.object), "metadata": Schema.nullable(Schema.object),
            "user": Schema.nullable(Schema.text),
        ])
    }

    static var modelObject: JSON {
        Schema.object(
            [
                "id": Schema.text, "object": Schema.constant("model"), "created": Schema.count,
                "owned_by": Schema.text,
            ],
            optional: [
                "capabilities": Schema.object, "tiers": Schema.map(Schema.object), "score": Schema.map(Schema.number),
                "retires": Schema.nullable(["type": "string", "format": "date"]), "alias_of": Schema.text,
            ]
        )
    }
}
