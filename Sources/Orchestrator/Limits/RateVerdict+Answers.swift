extension RateClaim {
    /// The subject that stands for everybody.
    package static let everybody = "global"

    /// What a caller is told who found nothing left.
    package func refusal(_ verdict: RateVerdict) -> APIError {
        var error = APIError(
            429,
            .rateLimit,
            subject == Self.everybody ? "global_rate_limit_exceeded" : "rate_limit_exceeded",
            "too many requests: \(verdict.limit) are allowed in this window",
            retryAfter: verdict.reset
        )
        error.headers = verdict.headers
        return error
    }
}

extension RateVerdict {
    /// What an answer says of the limit.
    package var headers: [(name: String, value: String)] {
        [
            (name: "x-ratelimit-limit", value: "\(limit)"),
            (name: "x-ratelimit-remaining", value: "\(remaining)"),
            (name: "x-ratelimit-reset", value: "\(reset.roundedUpSeconds)"),
        ]
    }
}

extension [RateVerdict] {
    /// The limit that will refuse first; of equals the first.
    package var tightest: RateVerdict? { self.min { $0.remaining < $1.remaining } }
}
