import Orchestrator

/// The limits on image requests: by address, by key, and over all.
final class RateLimits: Sendable {
    private let state = Lock(FixedWindowLimiter())

    /// Counts one request against all three limits, or none of them: a request that is refused costs nobody anything.
    ///
    /// Returns the tightest of the limits, for the answer's headers.
    func take(address: String, caller: Caller, _ limits: LimitSettings, at now: Duration) throws(APIError)
        -> FixedWindowLimiter.Verdict
    {
        let subjects: [(String, Rate, String)] = [
            ("ip:" + address, limits.perIP, "rate_limit_exceeded"),
            (
                "key:" + (caller.key?.id.text ?? caller.user.id.text), caller.key?.rate ?? limits.perKey,
                "rate_limit_exceeded"
            ),
            ("global", limits.global, "global_rate_limit_exceeded"),
        ]
        let outcome: Result<FixedWindowLimiter.Verdict, APIError> = state.withLock { limiter in
            for (subject, rate, code) in subjects {
                let verdict = limiter.peek(subject, rate, at: now)
                if !verdict.isAllowed { return .failure(Self.refusal(code, verdict)) }
            }
            var tightest: FixedWindowLimiter.Verdict?
            for (subject, rate, _) in subjects {
                let verdict = limiter.take(subject, rate, at: now)
                if tightest.map({ verdict.remaining < $0.remaining }) ?? true { tightest = verdict }
            }
            return tightest.map(Result.success) ?? .failure(.internalError("no limit"))
        }
        return try outcome.get()
    }

    static func headers(_ verdict: FixedWindowLimiter.Verdict) -> [(name: String, value: String)] {
        [
            (name: "x-ratelimit-limit", value: "\(verdict.limit)"),
            (name: "x-ratelimit-remaining", value: "\(verdict.remaining)"),
            (name: "x-ratelimit-reset", value: "\(verdict.reset.roundedUpSeconds)"),
        ]
    }

    private static func refusal(_ code: String, _ verdict: FixedWindowLimiter.Verdict) -> APIError {
        var error = APIError(
            429,
            .rateLimit,
            code,
            "too many requests: \(verdict.limit) are allowed in this window",
            retryAfter: verdict.reset
        )
        error.headers = headers(verdict)
        return error
    }
}
