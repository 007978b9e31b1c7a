import Orchestrator

extension FakeOpenAI {
    package func reply(for failure: Failure, step: Step) -> FakeReply {
        let invalid = "invalid_request_error"
        func error(_ status: Int, _ type: String, _ code: String?, _ message: String, param: String? = nil) -> FakeReply
        {
            .openAIError(status, type: type, code: code, param: param, "\(message) \(step.marker)")
        }
        func money(_ code: String) -> FakeReply {
            error(
                429,
                "insufficient_quota",
                code,
                "You exceeded your current quota, check your plan and billing details."
            )
        }
        switch failure {
        case .badRequest:
            return error(400, invalid, "invalid_value", "Invalid value for 'prompt'.", param: "prompt")
        case .badKey:
            return error(401, invalid, "invalid_api_key", "Incorrect API key provided: \(key.prefix(7))***.")
        case .notVerified:
            return error(403, invalid, nil, "Your organization must be verified to use the model `gpt-image-2`.")
        case .modelGone:
            return error(404, invalid, "model_not_found", "The model 'gpt-image-2' does not exist.", param: "model")
        case .insufficientQuota: return money("insufficient_quota")
        case .creditExhausted: return money("credit_balance_exhausted")
        case .organizationUsageLimit: return money("organization_usage_limit_exceeded")
        case .organizationSpendLimit: return money("organization_spend_limit_exceeded")
        case .projectSpendLimit: return money("project_spend_limit_exceeded")
        case .billingHardLimit:
            return error(400, invalid, "billing_hard_limit_reached", "Billing hard limit has been reached.")
        case .rateLimited:
            return error(
                429,
                "input-images",
                "rate_limit_exceeded",
                "Rate limit reached for gpt-image-2 (for limit gpt-image) in organization org-fake on input-images per min: "
                    + "Limit 5, Used 5, Requested 1. Please try again in 12s."
            )
        case .slowDown:
            return error(429, "rate_limit_error", "slow_down", "Requests ramp up too quickly.")
        case .server:
            return error(500, "server_error", nil, "The server had an error while processing your request.")
        case .overloaded:
            return error(503, "service_unavailable_error", "server_is_overloaded", "The server is overloaded.")
        case .moderation:
            var reply = FakeReply.json(400, moderationBody(step))
            reply.headers.append(("x-should-retry", "false"))
            return reply
        case .contentPolicy:
            return error(400, invalid, "content_policy_violation", "Rejected as a result of our safety system.")
        case .versionGone, .invalidLanguage, .publicFigure, .payloadTooLarge, .runFailed, .runOutOfMemory,
            .runSensitive,
            .runNSFW, .runCanceled, .runAborted:
            preconditionFailure("OpenAI documents no '\(failure)'")
        }
    }

    /// The newer form, which says at which stage and why.
    private func moderationBody(_ step: Step) -> JSON {
        let message =
            "Your request was rejected by the safety system. If you believe this is an error, include the request ID "
            + "req_\(uniqueHex(32)). safety_violations=[sexual]. \(step.marker)"
        return [
            "error": [
                "message": .string(message), "type": "image_generation_user_error", "param": nil,
                "code": "moderation_blocked",
                "moderation_details": ["moderation_stage": "input", "categories": ["sexual"]],
            ]
        ]
    }
}
