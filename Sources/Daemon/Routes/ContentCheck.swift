import Orchestrator

/// Our own look at what is asked for, before anything is spent: the operator's words, then a moderation service.
struct ContentCheck {
    let review: ContentReview

    init(service: Service, settings: ModerationSettings) {
        review = ContentReview(services: service.engine, settings: settings)
    }

    func approve(_ request: ImageRequest) async throws(APIError) {
        let texts = [request.prompt, request.negativePrompt ?? ""].filter { !$0.isEmpty }
        let words = BlockedWords(review.settings.blockedWords)
        guard !texts.contains(where: words.match) else {
            throw .contentPolicy("the prompt holds a word that is not allowed here")
        }
        guard review.checks(.prompt) else { return }
        try Self.pass(
            await review.verdict(on: texts),
            or: .contentPolicy("the prompt was flagged by the content check")
        )
        for verdict in await review.verdicts(on: request.references.map { ($0.source, $0.format) }) {
            try Self.pass(
                verdict,
                or: .contentPolicy("a reference image was flagged by the content check", param: "image")
            )
        }
    }

    private static func pass(_ verdict: ContentReview.Verdict, or refusal: APIError) throws(APIError) {
        switch verdict {
        case .clear: return
        case .flagged: throw refusal
        case .unanswered: throw .contentCheckUnavailable
        }
    }
}
