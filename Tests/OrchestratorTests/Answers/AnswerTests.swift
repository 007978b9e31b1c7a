import Testing

@testable import Orchestrator

@Suite struct AnswerTests {
    private let scene = EngineScene()

    private func link(_ image: ImageRecord) -> String { "https://here/\(image.index)" }

    private func keys(_ value: JSON?) -> Set<String> { Set(value?.object?.keys ?? []) }

    // MARK: OpenAI's shape

    @Test func `the answer has OpenAI's keys, whoever served`() async throws {
        for model in ["a/m", "b/m"] {
            let job = try await scene.run(
                .two(),
                .sample {
                    $0.model = model; $0.count = 2
                }
            )
            let body = ImageAnswer(job) { "https://here/\($0.index)" }.body
            #expect(
                body.object?.keys == ["created", "data", "size", "quality", "background", "output_format", "usage"]
            )
            #expect(body["created"]?.int == Int(job.created.seconds) && body["size"]?.string == "64x64")
            #expect(body["quality"]?.string == "medium" && body["background"]?.string == "opaque")
            #expect(body["output_format"]?.string == "png")
            #expect(body["data"]?.array?.map { $0["url"]?.string } == ["https://here/0", "https://here/1"])
            #expect(keys(body["data"]?[0]) == ["url"])
            #expect(
                keys(body["usage"]) == [
                    "total_tokens", "input_tokens", "output_tokens", "input_tokens_details", "output_tokens_details",
                ]
            )
            #expect(keys(body.value(at: "/usage/input_tokens_details")) == ["text_tokens", "image_tokens"])
            #expect(keys(body.value(at: "/usage/output_tokens_details")) == ["text_tokens", "image_tokens"])
        }
    }

    @Test func `usage is added up as the vendor counts it`() {
        let usage = TokenUsage(textInput: 1, imageInput: 20, imageOutput: 300, textOutput: 4000)
        let block = ImageAnswer.usage(usage, withOutputDetails: true)
        #expect(block["total_tokens"] == 4321 && block["input_tokens"] == 21 && block["output_tokens"] == 4300)
        #expect(block.value(at: "/input_tokens_details/image_tokens") == 20)
        #expect(block.value(at: "/output_tokens_details/text_tokens") == 4000)
        #expect(ImageAnswer.usage(usage, withOutputDetails: false)["output_tokens_details"] == nil)
    }

    @Test func `a rewritten prompt is told, and transparency only where there is some`() async throws {
        var picture = ScriptedPicture()
        picture.hasAlpha = true
        scene.upstream.script("a", .pictures(of: picture))
        var job = try await scene.run(.two(), .sample { $0.background = .transparent })
        job.images[0].revisedPrompt = "a red fox"
        let body = ImageAnswer(job, link: { "\($0.index)" }).body
        #expect(body["background"]?.string == "transparent")
        #expect(body.value(at: "/data/0/revised_prompt")?.string == "a red fox")
    }

    @Test func `headers tell who served, at what price, after how many attempts`() async throws {
        scene.upstream.script("a", .pictures(), .fail("server_once"))
        let job = try await scene.run(.two(), .sample { $0.count = 2 })
        let headers = Dictionary(uniqueKeysWithValues: ImageAnswer.headers(job).map { ($0.name, $0.value) })
        #expect(headers["x-job-id"] == job.id.text && headers["x-orchestrator-policy"] == "price")
        #expect(headers["x-orchestrator-attempts"] == "3" && headers["x-orchestrator-cost-usd"] == "0.03")
        #expect(Set(headers["x-orchestrator-provider"]?.split(separator: ",") ?? []) == ["a", "b"])
        #expect(headers["x-orchestrator-model"] == "m" && headers["x-orchestrator-adapted"] == nil)
    }

    @Test func `headers of a failure name no vendor`() async throws {
        scene.upstream.script("a", .fail("refused"))
        let names = ImageAnswer.headers(try await scene.run(.two())).map(\.name)
        #expect(names == ["x-job-id", "x-orchestrator-policy", "x-orchestrator-attempts", "x-orchestrator-cost-usd"])
    }

    // MARK: Jobs

    static let jobKeys = [
        "id", "object", "operation", "status", "created", "started", "finished", "request", "policy", "images",
        "missing", "attempts", "adapted", "cost_usd", "credits", "error",
    ]

    @Test func `a job shows its whole life in fixed keys`() async throws {
        scene.upstream.script("a", .fail("rate_limited_9s"))
        var job = try await scene.run(.two(), .sample { $0.seed = 5 })
        job.images[0].seed = .max
        let body = JobAnswer.body(of: job, link: link)
        #expect(body.object?.keys == Self.jobKeys && body["object"]?.string == "job" && body["error"]?.isNull == true)
        #expect(body["status"]?.string == "succeeded" && body["cost_usd"]?.string == "0.02")
        #expect(body["created"]?.string == job.created.description)
        #expect(
            keys(body["images"]?[0]) == [
                "id", "url", "size", "output_format", "provider", "model", "cost_usd", "sha256", "seed",
            ]
        )
        // A vendor's seed may be larger than a JSON reader's numbers.
        #expect(body.value(at: "/images/0/seed")?.string == "18446744073709551615")
        let attempts = body["attempts"]?.array ?? []
        for attempt in attempts {
            #expect(
                attempt.object?.keys == ["n", "provider", "model", "started", "ms", "outcome", "error", "cost_usd"]
            )
        }
        #expect(attempts.map { $0["outcome"]?.string } == ["unavailable", "ok"])
        #expect(attempts.map { $0["error"]?.string } == ["rate_limited", nil])
        #expect(attempts.map { $0["cost_usd"]?.string } == ["0", "0.02"])
    }

    @Test func `a job that runs has nulls where its end will be`() throws {
        let (execution, job) = try scene.prepare(.two())
        var running = job
        _ = execution.enterAtOnce()
        running.attempts = execution.intents
        let body = JobAnswer.body(of: running, link: link)
        #expect(body.object?.keys == Self.jobKeys && body["status"]?.string == "queued")
        for name in ["started", "finished", "error"] { #expect(body[name]?.isNull == true) }
        #expect(
            body.value(at: "/attempts/0/ms")?.isNull == true && body.value(at: "/attempts/0/outcome")?.isNull == true
        )
    }

    @Test func `a job that failed shows the error that was answered`() async throws {
        scene.upstream.script("a", .fail("refused"))
        let body = JobAnswer.body(of: try await scene.run(.two()), link: link)
        #expect(body.value(at: "/error/code")?.string == "moderation_blocked")
        #expect(keys(body["error"]) == ["message", "type", "param", "code"])
    }

    // MARK: Plans and models

    @Test func `a plan shows candidates with what they would be sent, and why others are out`() throws {
        var registry = Registry.three
        registry.providers[0].availability = .disabled
        let request = ImageRequest.sample {
            $0.count = 2; $0.size = size("64x64")
        }
        let body = PlanAnswer.body(of: try registry.plan(request))
        #expect(body.object?.keys == ["policy", "candidates", "excluded", "cost_usd", "credits"])
        #expect(body["cost_usd"]?.string == "0.006" && body["candidates"]?.array?.count == 2)
        #expect(
            body["candidates"]?[0]?.object?.keys == [
                "provider", "model", "tier", "cost_usd", "score", "latency_ms", "sends",
            ]
        )
        #expect(body.value(at: "/candidates/0/latency_ms") == 9000 && body.value(at: "/candidates/0/score")?.int == 50)
        #expect(body.value(at: "/candidates/0/sends/n") == 2)
        #expect(body["excluded"]?[0]?.object?.keys == ["provider", "model", "reason", "constraint"])
        #expect(body.value(at: "/excluded/0/constraint")?.string == "enabled")
    }

    @Test func `the call that follows a preview sends exactly what it showed`() async throws {
        let request = ImageRequest.sample {
            $0.seed = 3; $0.size = size("64x64")
        }
        let shown = PlanAnswer.body(of: try Registry.two().plan(request)).value(at: "/candidates/0/sends")
        _ = try await scene.run(.two(), request)
        #expect(scene.upstream.calls.first?.body == shown)
    }

    @Test func `nobody to ask is an error that names what kept each out`() throws {
        let plan = try Registry.three.plan(.sample { $0.quality = .tier(.max) })
        #expect(
            plan.refusal(at: Timestamp(milliseconds: 0)).status == 400
                && plan.refusal(at: Timestamp(milliseconds: 0)).code == "no_eligible_provider"
        )
        for name in ["dear/best", "middle/fair", "cheap/poor"] {
            #expect(plan.refusal(at: Timestamp(milliseconds: 0)).message.contains(name))
        }
        #expect(PlanAnswer.body(of: plan)["cost_usd"]?.isNull == true)
        #expect(
            try Registry.sample([]).plan().refusal(at: Timestamp(milliseconds: 0)).message.contains(
                "none is configured"
            )
        )
    }

    @Test func `the model list has every name once, and the names that it has are found`() throws {
        let answer = ModelAnswer(ModelSelectionTests.registry, created: 7)
        let ids = answer.list["data"]?.array?.compactMap { $0["id"]?.string } ?? []
        #expect(Set(ids).count == ids.count && answer.list["object"]?.string == "list")
        #expect(
            Set(ids).isSuperset(of: [
                "auto", "auto/price", "openai/gpt-image-1", "gpt-image-1", "shared", "dall-e-3", "best",
            ])
        )
        for id in ids {
            let model = answer[id]
            #expect(model?["object"]?.string == "model" && model?["created"] == 7 && model?["owned_by"]?.string != nil)
            if id != "ghost" {
                #expect(throws: Never.self) {
                    try ModelSelection(.sample { $0.model = id }, in: ModelSelectionTests.registry)
                }
            }
        }
        #expect(answer["nobody"] == nil && answer["dall-e-3"]?["alias_of"]?.string == "openai/gpt-image-1")
        #expect(answer["best"]?["alias_of"]?.string == "auto/quality")
        let facts = answer["gpt-image-1"]
        #expect(
            facts?["capabilities"]?.object?.keys == [
                "operations", "shapes", "formats", "max_images", "max_references", "mask", "mask_polarity", "supports",
                "fidelity",
            ]
        )
        #expect(facts?.value(at: "/tiers/medium/cost_usd")?.string == "0.04")
    }

    @Test func `models of a disabled provider are not listed`() {
        var registry = Registry.three
        registry.providers[0].availability = .disabled
        #expect(ModelAnswer(registry, created: 0)["dear/best"] == nil)
    }

    // MARK: Errors

    static let errors: [(APIError, Int, String, String)] = [
        (.missingField("prompt"), 400, "invalid_request_error", "missing_field"),
        (.invalidValue("n", "x"), 400, "invalid_request_error", "invalid_value"),
        (.invalidJSON("x"), 400, "invalid_request_error", "invalid_json"),
        (.noEligibleProvider("x"), 400, "invalid_request_error", "no_eligible_provider"),
        (.contentPolicy("x"), 400, "invalid_request_error", "content_policy_violation"),
        (.moderationBlocked, 400, "image_generation_user_error", "moderation_blocked"),
        (.invalidAPIKey, 401, "authentication_error", "invalid_api_key"),
        (.permissionDenied("x"), 403, "permission_denied", "permission_denied"),
        (.notFound("x"), 404, "not_found", "not_found"),
        (.modelNotFound("x"), 404, "not_found", "model_not_found"),
        (.methodNotAllowed("PUT", allowed: ["GET"]), 405, "invalid_request_error", "method_not_allowed"),
        (.requestTooLarge("x"), 413, "invalid_request_error", "request_too_large"),
        (.unsupportedMediaType("x"), 415, "invalid_request_error", "unsupported_media_type"),
        (.internalError("x"), 500, "server_error", "internal_error"),
        (.overloaded("x"), 503, "server_error", "overloaded"),
        (.draining, 503, "server_error", "draining"),
    ]

    @Test(arguments: errors)
    func `each error has its status, type and code in OpenAI's object`(
        error: APIError,
        status: Int,
        type: String,
        code: String
    ) {
        #expect(error.status == status && error.body.object?.keys == ["error"])
        #expect(error.body["error"]?.object?.keys == ["message", "type", "param", "code"])
        #expect(
            error.body.value(at: "/error/type")?.string == type && error.body.value(at: "/error/code")?.string == code
        )
        #expect((status == 503) == (error.retryAfter != nil))
    }

    @Test func `what is for the log stays out of the answer`() {
        #expect(!APIError.internalError("sql: select secret").body.text.contains("secret"))
    }
}
