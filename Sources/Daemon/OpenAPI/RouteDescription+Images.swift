import Orchestrator
import Transport

// Pictures, jobs, models, the gallery.
extension RouteDescription {
    private static let pictureTypes = ["image/png", "image/jpeg", "image/webp"]
    private static let wishes: [Parameter] = [
        .idempotencyKey, .prefer, .policy, .maxCost, .fidelity, .providerKey,
    ]
    private static let accepted = Answer.json(
        Schema.named(.job),
        status: 202,
        "the job, where the request prefers `respond-async`"
    )
    private static let made = Answer(
        status: 200,
        meaning: "the pictures; events where the request asks for a stream",
        content: [(jsonType, Schema.named(.images)), ("text/event-stream", [:])]
    )
    private static let bytes: [Answer] = [
        .file(pictureTypes, "the bytes"),
        .file(pictureTypes, status: 206, "a part of the bytes, as `Range` asks"),
        .empty(304, "what the caller has is current"),
    ]
    private static let download = Parameter("download", flagWord, "1: for saving, with a name")
    private static let flagWord = Schema.choice(["", "0", "1", "true", "false"])

    static let images: [RouteName: RouteDescription] = [
        RouteName(.post, "/v1/images/generations"): RouteDescription(
            headers: wishes,
            body: Schema.named(.imageGeneration),
            made,
            accepted
        ),
        RouteName(.post, "/v1/images/edits"): RouteDescription(
            headers: wishes,
            body: Schema.named(.imageEdit),
            form: Schema.named(.imageEditForm),
            made,
            accepted
        ),
        RouteName(.post, "/v1/images/variations"): RouteDescription(
            headers: wishes,
            body: Schema.named(.imageVariation),
            form: Schema.named(.imageVariationForm),
            made,
            accepted
        ),
        RouteName(.post, "/v1/routes/explain"): RouteDescription(
            headers: [.policy, .maxCost, .fidelity, .providerKey],
            body: Component.preview,
            .json(Schema.named(.route), "who would be asked, and why the others not")
        ),
        RouteName(.get, "/v1/images"): RouteDescription(
            query: [
                .limit(), .after(ImageID.self), .page, .perPage(usually: 20),
                Parameter("q", Schema.text, "only with these words in the prompt"), .model, .from, .to,
            ],
            .json(
                Schema.list(
                    Schema.named(.image),
                    more: [
                        "images": Schema.array(Schema.named(.image)), "total": Schema.count, "page": Schema.count,
                        "per_page": Schema.count,
                    ]
                ),
                "`data` and `images` are the same list"
            )
        ),
        RouteName(.get, "/v1/images/user/{user_id}"): RouteDescription(
            query: [.limit(), .after(ImageID.self), .page, .perPage(usually: 20)],
            takesCaller: true,
            .json(Schema.list(Schema.named(.image), more: ["user_id": Schema.text, "total": Schema.count]))
        ),
        RouteName(.get, "/v1/images/{image}"): RouteDescription(takesCaller: true, .json(Schema.named(.image))),
        RouteName(.delete, "/v1/images/{image}"): RouteDescription(
            .json(Schema.object(["deleted": Schema.flag, "image_id": Schema.id(ImageID.self)]))
        ),
        RouteName(.put, "/v1/images/{image}/visibility"): RouteDescription(
            body: Schema.object(["is_public": Schema.flag]),
            .json(Schema.named(.image))
        ),
        RouteName(.get, "/v1/images/{image}/content"): file([
            download,
            Parameter(
                "original",
                Schema.orEmpty(Schema.integer(0...1)),
                "1: the vendor's file, where another was made of it"
            ),
        ]),
        RouteName(.get, "/v1/images/{image}/thumbnail"): RouteDescription(
            takesCaller: true,
            .file(["image/webp"], "a small picture"),
            .empty(304, "what the caller has is current")
        ),
        RouteName(.get, "/v1/images/zip"): RouteDescription(
            query: [
                Parameter("ids", Schema.array(Schema.id(ImageID.self), 1...100), "of these pictures", isList: true),
                Parameter("job", Schema.id(JobID.self), "or of all pictures of this job"),
            ],
            takesCaller: true,
            .file(["application/zip"], "the archive")
        ),
        RouteName(.get, "/images/{file}"): file([
            download, Parameter("expires", Schema.text, "of a signed link"),
            Parameter("signature", Schema.text, "of a signed link"),
        ]),
    ]

    private static func file(_ query: [Parameter], error: Component = .error) -> RouteDescription {
        var description = RouteDescription(query: query, takesCaller: true, error: error)
        description.answers = bytes
        return description
    }

    static let jobs: [RouteName: RouteDescription] = [
        RouteName(.get, "/v1/jobs"): RouteDescription(
            query: [.limit(), .after(JobID.self), .jobStatus, .model, .from, .to],
            .json(Schema.list(Schema.named(.job)))
        ),
        RouteName(.get, "/v1/jobs/{job}"): RouteDescription(.json(Schema.named(.job))),
        RouteName(.get, "/v1/jobs/{job}/events"): RouteDescription(
            .file(["text/event-stream"], "the whole job at each change of it, until it has ended")
        ),
        RouteName(.post, "/v1/jobs/{job}/cancel"): RouteDescription(
            headers: [.idempotencyKey],
            .json(Schema.named(.job), "the job, which has ended"),
            .json(Schema.named(.job), status: 202, "the job, which will be cancelled")
        ),
    ]

    static let models: [RouteName: RouteDescription] = [
        RouteName(.get, "/v1/models"): RouteDescription(
            .json(Schema.object(["object": Schema.constant("list"), "data": Schema.array(Schema.named(.model))]))
        ),
        RouteName(.get, "/v1/models/{model}*"): RouteDescription(.json(Schema.named(.model))),
        RouteName(.post, "/v1/moderations"): RouteDescription(
            headers: [.idempotencyKey],
            body: Schema.object(
                ["input": ["anyOf": [Schema.text, ["type": "array", "minItems": 1]]]],
                optional: ["model": Schema.nullable(Schema.text(0...256))]
            ),
            .json(Schema.object, "as the moderation service has it")
        ),
    ]

    static let gallery: [RouteName: RouteDescription] = [
        RouteName(.post, "/api/generate"): RouteDescription(
            headers: [.idempotencyKey],
            body: Schema.object(["prompt": Schema.text(3...500, pattern: "^[^\\u0000]*[^\\s\\u0000]{3}[^\\u0000]*$")]),
            error: .galleryError,
            .json(Schema.object(["latestUrl": Schema.link, "historyUrl": Schema.link, "prompt": Schema.text]))
        ),
        RouteName(.get, "/api/images"): RouteDescription(
            query: [
                .limit(usually: 100),
                Parameter("cursor", Schema.orEmpty(galleryTime), "`cursor` of the answer before"),
                Parameter("after", Schema.orEmpty(galleryTime), "another name of `cursor`"),
            ],
            error: .galleryError,
            .json(
                Schema.object([
                    "count": Schema.count, "images": Schema.array(Schema.named(.galleryPicture)),
                    "has_more": Schema.flag, "cursor": Schema.nullable(Schema.text),
                ])
            )
        ),
        RouteName(.get, "/api/images/latest"): RouteDescription(
            error: .galleryError,
            .json(Schema.named(.galleryPicture))
        ),
        RouteName(.get, "/art/{file}"): file([download], error: .galleryError),
    ]

    private static let galleryTime: JSON = [
        "type": "string",
        "pattern": "^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T[01][0-9]-[0-5][0-9]-[0-5][0-9]-[0-9]{3}Z$",
    ]
}
