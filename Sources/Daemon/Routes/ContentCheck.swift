import Orchestrator
import Transport

/// Our own look at what is asked for, before anything is spent: the operator's words, then a moderation service.
struct ContentCheck {
    let service: Service
    let settings: ModerationSettings

    private static let timeout = Duration.seconds(20)

    func approve(_ request: ImageRequest) async throws(APIError) {
        let texts = [request.prompt, request.negativePrompt ?? ""].filter { !$0.isEmpty }
        let words = BlockedWords(settings.blockedWords)
        guard !texts.contains(where: words.match) else {
            throw .contentPolicy("the prompt holds a word that is not allowed here")
        }
        guard let endpoint = settings.endpoint, endpoint.checks.contains(.prompt), !texts.isEmpty else { return }
        let isFlagged: Bool
        do throws(UpstreamError) {
            let answer = try await Self.ask(endpoint, input: .array(texts.map(JSON.string)), service)
            guard let results = answer?["results"]?.array else {
                throw UpstreamError(.malformed(status: 200), "no results")
            }
            isFlagged = results.contains { $0["flagged"]?.bool == true }
        } catch {
            service.log.log(.warning, "moderation failed", [("why", error.detail)])
            guard endpoint.onError == .deny else { return }
            throw APIError(
                503,
                .server,
                "overloaded",
                "the content check is not available; try again",
                retryAfter: .seconds(5)
            )
        }
        guard !isFlagged else { throw .contentPolicy("the prompt was flagged by the content check") }
    }

    /// One call of an OpenAI-style moderation service; nil for an answer that is no success.
    static func ask(
        _ endpoint: ModerationEndpoint,
        input: JSON,
        _ service: Service
    ) async throws(UpstreamError) -> JSON? {
        var wire = WireRequest(
            .post,
            endpoint.baseURL + "/moderations",
            body: .json(["model": .string(endpoint.model), "input": input])
        )
        if endpoint.credential != nil { wire.authentication = .bearer }
        let reply = try await service.engine.upstream.send(
            UpstreamCall(wire, credential: endpoint.credential, timeLimit: timeout),
            sinks: service.engine.storage
        )
        return reply.reply.isSuccess ? reply.reply.document : nil
    }
}
