/// What a caller is told went wrong, in the closed terms of the interface.
package struct APIError: Error, Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case invalidRequest = "invalid_request_error"
        case imageGenerationUser = "image_generation_user_error"
        case authentication = "authentication_error"
        case insufficientCredits = "insufficient_credits"
        case permissionDenied = "permission_denied"
        case notFound = "not_found"
        case rateLimit = "rate_limit_error"
        case server = "server_error"
    }

    /// The HTTP status, 400...599.
    package var status: Int
    package var kind: Kind
    package var code: String
    /// The request's field at fault.
    package var param: String?
    /// For the caller; never a vendor's words.
    package var message: String
    package var retryAfter: Duration?
    /// Further headers, such as `Allow`.
    package var headers: [(name: String, value: String)] = []
    /// Members that the error object has beside the usual ones.
    package var facts: JSONObject = [:]
    /// For the log alone.
    package var detail: String?

    package init(
        _ status: Int,
        _ kind: Kind,
        _ code: String,
        _ message: String,
        param: String? = nil,
        retryAfter: Duration? = nil,
        detail: String? = nil
    ) {
        self.status = status
        self.kind = kind
        self.code = code
        self.message = message
        self.param = param
        self.retryAfter = retryAfter
        self.detail = detail
    }
}

// MARK: - The errors by name

extension APIError {
    package static func missingField(_ name: String) -> APIError {
        APIError(400, .invalidRequest, "missing_field", "missing required parameter: '\(name)'", param: name)
    }

    package static func invalidValue(_ name: String, _ message: String) -> APIError {
        APIError(400, .invalidRequest, "invalid_value", "invalid value for '\(name)': \(message)", param: name)
    }

    package static func invalidJSON(_ message: String) -> APIError {
        APIError(400, .invalidRequest, "invalid_json", "the body is not valid JSON: \(message)")
    }

    package static func noEligibleProvider(_ message: String) -> APIError {
        APIError(400, .invalidRequest, "no_eligible_provider", message, param: "model")
    }

    package static func contentPolicy(_ message: String, param: String = "prompt") -> APIError {
        APIError(400, .invalidRequest, "content_policy_violation", message, param: param)
    }

    package static let contentCheckUnavailable = APIError(
        503,
        .server,
        "overloaded",
        "the content check is not available; try again",
        retryAfter: .seconds(5)
    )

    package static let moderationBlocked = APIError(
        400,
        .imageGenerationUser,
        "moderation_blocked",
        "the request was refused by the provider's content policy",
        param: "prompt"
    )

    package static let invalidAPIKey = APIError(
        401,
        .authentication,
        "invalid_api_key",
        "no valid API key: send 'Authorization: Bearer KEY' or 'X-API-Key: KEY'"
    )

    /// The owner has fewer credits free than the request may cost.
    package static func insufficientCredits(needed: Int, available: Int) -> APIError {
        var error = APIError(
            402,
            .insufficientCredits,
            "insufficient_credits",
            "this needs \(needed) credits, and \(available) are available"
        )
        error.facts = ["needed": .integer(needed), "available": .integer(available)]
        return error
    }

    package static func permissionDenied(_ message: String) -> APIError {
        APIError(403, .permissionDenied, "permission_denied", message)
    }

    package static func notFound(_ message: String) -> APIError {
        APIError(404, .notFound, "not_found", message)
    }

    package static func modelNotFound(_ model: String) -> APIError {
        APIError(404, .notFound, "model_not_found", "the model '\(model)' does not exist here", param: "model")
    }

    package static func methodNotAllowed(_ method: String, allowed: [String]) -> APIError {
        var error = APIError(
            405,
            .invalidRequest,
            "method_not_allowed",
            "the method \(method) is not allowed here; allowed: \(allowed.joined(separator: ", "))"
        )
        error.headers = [("allow", allowed.joined(separator: ", "))]
        return error
    }

    package static func requestTooLarge(_ message: String) -> APIError {
        APIError(413, .invalidRequest, "request_too_large", message)
    }

    package static func unsupportedMediaType(_ message: String) -> APIError {
        APIError(415, .invalidRequest, "unsupported_media_type", message)
    }

    /// The caps of the day are used up at `now`; the next day begins at midnight UTC.
    package static func dailyBudgetExceeded(_ message: String, at now: Timestamp) -> APIError {
        let midnight = Day(number: now.day.number + 1).start
        return APIError(
            429,
            .rateLimit,
            "daily_budget_exceeded",
            message,
            retryAfter: .milliseconds(midnight.milliseconds - now.milliseconds)
        )
    }

    package static func overloaded(_ message: String, detail: String? = nil) -> APIError {
        APIError(503, .server, "overloaded", message, retryAfter: .seconds(1), detail: detail)
    }

    /// Why the bytes of `what` are not answered.
    package static func unread(_ error: ArtifactError, _ what: String) -> APIError {
        switch error {
        case .notFound: .notFound("the bytes of \(what) are gone")
        case .unreachable(let why): .overloaded("\(what) cannot be read at the moment; try again", detail: why)
        case .storage(let why): .internalError("read \(what): \(why)")
        case .defective(let defect): .internalError("read \(what): \(defect.message)")
        }
    }

    package static let draining = APIError(
        503,
        .server,
        "draining",
        "this server is shutting down; try again",
        retryAfter: .seconds(1)
    )

    /// What the caller of a job hears that goes on when the server is back.
    package static func draining(leaving job: JobID) -> APIError {
        APIError(
            503,
            .server,
            "draining",
            "this server is shutting down; job '\(job)' waits for the next one: ask for it, or repeat the request with its key",
            retryAfter: .seconds(1)
        )
    }

    package static let jobCanceled = APIError(
        409,
        .invalidRequest,
        "job_canceled",
        "the job was canceled before it was done"
    )

    /// What a caller is told of a record that failed: to try again while it is only away, and no more where that cannot help.
    package static func record(_ error: StoreError, _ operation: String) -> APIError {
        switch error {
        case .unavailable(let why):
            var away = overloaded("the record cannot be reached at the moment; try again")
            away.detail = "\(operation): \(why)"
            return away
        case .corrupt, .conflict: return internalError("\(operation): \(error)")
        }
    }

    package static func internalError(_ detail: String) -> APIError {
        APIError(
            500,
            .server,
            "internal_error",
            "the server failed; the request id helps to find out why",
            detail: detail
        )
    }
}

extension APIError {
    /// OpenAI's error object.
    package var body: JSON {
        var error: JSONObject = [
            "message": .string(message), "type": .string(kind.rawValue),
            "param": param.map(JSON.string) ?? .null, "code": .string(code),
        ]
        for (name, value) in facts { error[name] = value }
        return ["error": .object(error)]
    }
}
