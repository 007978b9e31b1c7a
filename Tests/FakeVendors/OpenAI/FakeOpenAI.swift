import Glibc
import Orchestrator

/// OpenAI's image API under `/v1`: generations, edits, the retired variations, moderations and the list of models.
package final class FakeOpenAI: FakeVendor {
    package let key: String
    package let books = VendorBooks()
    package let documentedFailures: [Failure] = [
        .badRequest, .badKey, .notVerified, .modelGone, .insufficientQuota, .creditExhausted, .organizationUsageLimit,
        .organizationSpendLimit, .projectSpendLimit, .billingHardLimit, .rateLimited, .slowDown, .server, .overloaded,
        .moderation, .contentPolicy,
    ]
    /// The day that decides which models still live, `YYYY-MM-DD`.
    private let today: String
    let limits: OpenAIUploads.Limits
    private let partials = Lock<[Picture]>([])

    package init(key: String = "sk-proj-" + uniqueHex(40), today: String = "2026-11-21", maxImageBytes: Int = 50 << 20)
    {
        self.key = key
        self.today = today
        limits = OpenAIUploads.Limits(image: maxImageBytes)
    }

    /// The partial pictures of all streams, in order.
    package var partialPictures: [Picture] { partials.withLock { $0 } }

    package var commonHeaders: [(name: String, value: String)] {
        [
            ("x-request-id", "req_" + uniqueHex(32)), ("openai-version", "2020-10-01"),
            ("openai-processing-ms", "1234"), ("openai-organization", "org-fake"),
        ]
    }

    package func resetState() {
        partials.withLock { $0 = [] }
    }

    func keepPartial(_ bytes: [UInt8]) {
        partials.withLock { $0.append(Picture(bytes: bytes)) }
    }

    package func respond(to request: FakeRequest, as call: Int) throws(Refusal) -> FakeReply {
        let isCreate = request.method == "POST" && request.path.hasPrefix("/v1/images/")
        books.note(call) { $0.isCreate = isCreate }
        try authenticate(request)
        switch (request.method, request.path) {
        case ("POST", "/v1/images/generations"):
            let body = try jsonObject(request)
            return produce(try OpenAIOrder(OpenAIParameters(body), isEdit: false, today: today), call: call)
        case ("POST", "/v1/images/edits"):
            return produce(try edit(request), call: call)
        case ("POST", "/v1/images/variations"):
            throw .openAI("endpoint_retired", nil, "This endpoint no longer accepts requests.", status: 404)
        case ("POST", "/v1/moderations"):
            return try moderate(try jsonObject(request))
        case ("GET", "/v1/models"):
            return .json(200, ["object": "list", "data": .array(livingModels.map(card))])
        case ("GET", _):
            return try describeModel(request)
        default:
            throw .openAI(nil, nil, "Invalid URL (\(request.method) \(request.path))", status: 404)
        }
    }

    private func authenticate(_ request: FakeRequest) throws(Refusal) {
        // The documented bound on all request headers together.
        guard request.headers.reduce(0, { $0 + $1.name.utf8.count + $1.value.utf8.count }) < 64 << 10 else {
            throw .openAI(nil, nil, "Request headers are too large.", status: 431)
        }
        guard request.header("authorization") == "Bearer \(key)" else {
            throw .openAI("invalid_api_key", nil, "Incorrect API key provided.", status: 401)
        }
    }

    private func jsonObject(_ request: FakeRequest) throws(Refusal) -> JSONObject {
        guard request.mediaType == "application/json" else {
            throw .openAI(
                "unsupported_content_type",
                nil,
                "Unsupported content type: '\(request.mediaType)'. This API method only accepts 'application/json' requests."
            )
        }
        guard let object = (try? JSON(parsing: request.body))?.object else {
            throw .openAI(nil, nil, "We could not parse the JSON body of your request.")
        }
        return object
    }

    private func edit(_ request: FakeRequest) throws(Refusal) -> OpenAIOrder {
        var order: OpenAIOrder
        if request.mediaType == "multipart/form-data" {
            let form: FormBody
            do throws(FormBody.Malformed) {
                form = try FormBody(parsing: request.body, contentType: request.header("content-type") ?? "")
            } catch {
                throw .openAI(nil, nil, "Could not parse multipart form: \(error.message).")
            }
            for part in form.parts where part.fileName == nil && ["image", "image[]", "mask"].contains(part.name) {
                throw .openAIType(part.name, "a file")
            }
            order = try OpenAIOrder(OpenAIParameters(form), isEdit: true, today: today)
            order.inputImageTokens = try OpenAIUploads(form, model: order.model, limits: limits).tokens
        } else {
            let body = try jsonObject(request)
            order = try OpenAIOrder(OpenAIParameters(body), isEdit: true, today: today)
            order.inputImageTokens = try OpenAIUploads(body, limits: limits).tokens
        }
        return order
    }

    // MARK: Models and moderation

    private var livingModels: [OpenAIModel] {
        OpenAIModel.all.filter { $0.shutdown.map { today < $0 } ?? true }
    }

    private func card(_ model: OpenAIModel) -> JSON {
        [
            "id": .string(model.name), "object": "model", "created": 1_776_729_600, "owned_by": "system",
            "shutdown_date": model.shutdown.map(JSON.string) ?? .null,
        ]
    }

    private func describeModel(_ request: FakeRequest) throws(Refusal) -> FakeReply {
        guard let name = request.path(after: "/v1/models/") else {
            throw .openAI(nil, nil, "Invalid URL (GET \(request.path))", status: 404)
        }
        guard let model = livingModels.first(where: { $0.name == name }) else {
            throw .openAI("model_not_found", "model", "The model '\(name)' does not exist", status: 404)
        }
        return .json(200, card(model))
    }

    /// Flags every input that holds the word FLAGME, as violence.
    private func moderate(_ body: JSONObject) throws(Refusal) -> FakeReply {
        guard let input = body["input"] else {
            throw .openAI("missing_required_parameter", "input", "Missing required parameter: 'input'.")
        }
        let model = body["model"]?.string ?? "omni-moderation-latest"
        let inputs = input.array.flatMap { list in list.allSatisfy { $0.string != nil } ? list : nil } ?? [input]
        let names = [
            "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent",
            "self-harm",
            "self-harm/intent", "self-harm/instructions", "sexual", "sexual/minors", "violence", "violence/graphic",
        ]
        let results = inputs.map { input -> JSON in
            let isFlagged = input.text.contains("FLAGME")
            func each(_ value: (Bool) -> JSON) -> JSON {
                .object(JSONObject(names.map { ($0, value(isFlagged && $0 == "violence")) }))
            }
            return [
                "flagged": .bool(isFlagged), "categories": each(JSON.bool),
                "category_scores": each { JSON($0 ? 0.97 : 0.0002) },
                "category_applied_input_types": each { _ in ["text"] },
            ]
        }
        return .json(
            200,
            ["id": .string("modr-" + uniqueHex(24)), "model": .string(model), "results": .array(results)]
        )
    }
}
