import Orchestrator

extension FakeReplicate {
    package func reply(for failure: Failure, step: Step) -> FakeReply {
        func error(_ status: Int, _ title: String?, _ detail: String) -> FakeReply {
            .replicateError(status, title, "\(detail) \(step.marker)")
        }
        switch failure {
        case .badRequest:
            let complaint = ReplicateModel.Complaint(type: "enum", field: "input.prompt", description: "is invalid")
            return .replicateError(
                422,
                "Input validation failed",
                "- input.prompt: is invalid \(step.marker)\n",
                fields: [complaint]
            )
        case .badKey: return error(401, "Unauthenticated", "You did not pass a valid authentication token")
        case .insufficientQuota:
            return error(
                402,
                "Insufficient credit",
                "You have insufficient credit to run this model. Go to https://replicate.com/account/billing#billing to "
                    + "purchase credit. Once you purchase credit, please wait a few minutes before trying again."
            )
        case .modelGone: return error(404, nil, "The requested resource could not be found.")
        case .versionGone:
            return error(
                422,
                "Invalid version or not permitted",
                "The specified version does not exist (or perhaps you don't have permission to use it?)"
            )
        case .rateLimited: return throttled(step)
        case .server: return error(500, nil, "Internal server error")
        case .overloaded: return error(503, nil, "Service unavailable")
        case .runFailed, .runOutOfMemory, .runSensitive, .runNSFW, .runCanceled, .runAborted, .notVerified,
            .creditExhausted, .organizationUsageLimit, .organizationSpendLimit, .projectSpendLimit, .billingHardLimit,
            .slowDown, .moderation, .contentPolicy, .invalidLanguage, .publicFigure, .payloadTooLarge:
            preconditionFailure("Replicate answers no call with '\(failure)'")
        }
    }

    /// The wait stands in the header and in the body.
    private func throttled(_ step: Step) -> FakeReply {
        let seconds = step.retryAfter.flatMap { Int($0) } ?? 5
        let detail =
            "Request was throttled. Your rate limit for creating predictions is reduced to 6 requests per minute with a "
            + "burst of 1 requests while you have less than $5.0 in credit. Your rate limit resets in ~\(seconds)s. "
            + step.marker
        var reply = FakeReply.json(
            429,
            ["detail": .string(detail), "status": 429, "retry_after": JSON(seconds)]
        )
        // The script's own value is added for every vendor alike.
        if step.retryAfter == nil { reply.headers.append(("retry-after", String(seconds))) }
        return reply
    }

    /// The `error` of a run that ended badly; null for those that were stopped.
    func runError(_ failure: Failure, _ step: Step) -> JSON {
        switch failure {
        case .runSensitive:
            .string(
                "The input or output was flagged as sensitive. Please try again with different inputs. (E005) \(step.marker)"
            )
        case .runNSFW:
            .string("NSFW content detected. Try running it again, or try a different prompt. \(step.marker)")
        case .runOutOfMemory: .string("CUDA out of memory. (E1001) \(step.marker)")
        case .runFailed: .string("IndexError: list index out of range \(step.marker)")
        default: .null
        }
    }
}

extension Step {
    /// Whether the failure shows only in the prediction, whose HTTP status is a success.
    var failsInsideRun: Bool {
        guard case .fail(let failure) = conduct else { return false }
        return switch failure {
        case .runFailed, .runOutOfMemory, .runSensitive, .runNSFW, .runCanceled, .runAborted: true
        default: false
        }
    }
}
