import Orchestrator

/// What an error answer means; a run that failed is no error answer, see `ReplicatePrediction`.
struct ReplicateFailure {
    let failure: ProviderFailure

    init(_ reply: WireReply, to call: VendorCall) {
        let title = reply.document?["title"]?.string
        let detail = reply.document?["detail"]?.string
        failure = ProviderFailure(
            Self.kind(reply, title: title ?? "", detail: detail ?? "", call),
            "replicate \(reply.status): \(VendorQuote([title, detail].compactMap { $0 }.joined(separator: ": ")))",
            code: title
        )
    }

    private static func kind(_ reply: WireReply, title: String, detail: String, _ call: VendorCall) -> FailureKind {
        switch (reply.status, call) {
        case (429, _):
            return .unavailable(.rateLimited(retryAfter: delay(reply)))
        case (422, _)
        where title.hasPrefix("Invalid version") || detail.hasPrefix("The specified version does not exist"):
            return .unavailable(.model)
        case (404, .poll), (404, .collect), (410, .poll):
            // Runs are forgotten an hour after they end; this one was made, and paid.
            return .unusable
        case (404, .cancel), (404, .upload):
            return .unavailable(.server(mayRepeat: false))
        case (_, .create):
            // A second POST may start a second run.
            return FailureKind(status: reply.status, retryAfter: nil, mayRepeat: false)
        case (_, .poll), (_, .collect), (_, .cancel), (_, .upload):
            return FailureKind(status: reply.status, retryAfter: nil, mayRepeat: true)
        }
    }

    /// The pause is in the header, in the body, or in its prose.
    private static func delay(_ reply: WireReply) -> Duration? {
        if let header = reply.retryAfter { return header }
        if let seconds = reply.document?["retry_after"]?.double, (0..<86_400).contains(seconds) {
            return .milliseconds(Int64(seconds * 1000))
        }
        return WaitHint.duration(in: reply.document?["detail"]?.string ?? "")
    }
}
