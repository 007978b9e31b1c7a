import Orchestrator

extension APIError {
    /// The code under `/api`, where clients know the gallery worker's words.
    var galleryCode: String {
        switch code {
        case "invalid_api_key": "unauthorized"
        case "content_policy_violation": "inappropriate_prompt"
        default: code
        }
    }

    /// Why there is no picture after these attempts, in the gallery worker's words; `error` is what the other routes say.
    static func galleryFailure(_ error: APIError, after attempts: [AttemptRecord] = []) -> APIError {
        var failure: APIError
        switch error.code {
        case "daily_budget_exceeded": return error
        case "timeout": failure = APIError(504, .server, "timeout", error.message)
        case "provider_rate_limited": failure = APIError(429, .rateLimit, "ai_provider_rate_limit", error.message)
        case "moderation_blocked", "invalid_value":
            failure = APIError(400, .invalidRequest, "invalid_prompt_for_provider", error.message, param: "prompt")
        case _ where areOutOfCredit(attempts):
            failure = APIError(402, .insufficientCredits, "insufficient_credits", "every provider is out of credit")
        default: failure = APIError(500, .server, "generation_failed", "no picture could be made: \(error.message)")
        }
        failure.retryAfter = error.retryAfter
        failure.detail = error.detail
        return failure
    }

    /// Whether every attempt failed for want of money or quota.
    private static func areOutOfCredit(_ attempts: [AttemptRecord]) -> Bool {
        let quota = FailureKind.unavailable(.quota).label
        return !attempts.isEmpty && attempts.allSatisfy { $0.label == quota }
    }
}
