import Orchestrator
import Transport

/// `/v1/models` and `/v1/moderations`.
enum ModelRoutes {
    static let all: [Route] = [
        Route(.get, "/v1/models", .caller, "List the models, policies and aliases") {
            exchange throws(APIError) in .json(answer(exchange).list)
        },
        Route(.get, "/v1/models/{model}*", .caller, "Describe one model") {
            exchange throws(APIError) in
            let name = exchange.parameters[0]
            guard let body = answer(exchange)[name] else { throw .modelNotFound(name) }
            return .json(body)
        },
        Route(.post, "/v1/moderations", .caller, "Classify texts and images") {
            exchange throws(APIError) in try await moderate(exchange)
        },
    ]

    private static func answer(_ exchange: Exchange) -> ModelAnswer {
        ModelAnswer(exchange.service.registry, created: exchange.service.started.seconds)
    }

    /// Passes the call on to the moderation service of the configuration.
    private static func moderate(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let fields = try await exchange.jsonObject()
        guard let input = fields["input"], !input.isNull else { throw .missingField("input") }
        guard input.string != nil || input.array?.isEmpty == false else {
            throw .invalidValue("input", "must be a text or a list")
        }
        guard var endpoint = exchange.service.registry.moderation.endpoint else {
            throw .notFound("no moderation service is configured")
        }
        if let model = try FieldReader(fields).string("model", atMost: 256) { endpoint.model = model }
        let answer: JSON
        do throws(UpstreamError) {
            answer = try await ContentReview(
                services: exchange.service.engine,
                settings: exchange.service.registry.moderation
            ).ask(endpoint, input: input)
        } catch {
            throw APIError(
                502,
                .server,
                "all_providers_failed",
                "the moderation service did not answer",
                detail: error.detail
            )
        }
        return .json(answer)
    }
}
