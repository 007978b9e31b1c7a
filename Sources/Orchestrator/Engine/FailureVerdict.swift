/// What the caller is told when no picture was made: one answer from all that went wrong.
struct FailureVerdict {
    /// The failures with which the lanes gave up.
    var last: [ProviderFailure]
    var attempts: [AttemptRecord]

    /// Marks attempts that found every place at their provider taken until the request's time was up.
    static let busyCode = "busy"

    /// Used where a vendor that limits its rate did not say when to come back.
    private static let usualPause = Duration.seconds(10)

    var error: APIError {
        let kinds = last.map(\.kind)
        if last.contains(where: { $0.code == PictureIntake.storageCode }) {
            return .internalError(last.map(\.detail).joined(separator: "; "))
        }
        if last.contains(where: { $0.code == AttemptJournal.capCode }) {
            let now = attempts.compactMap(\.ended).max() ?? Timestamp(milliseconds: 0)
            return .dailyBudgetExceeded("what may be spent today is spent", at: now)
        }
        if last.contains(where: { $0.code == ContentReview.flaggedCode }) {
            return .contentPolicy("the picture was flagged by the content check")
        }
        if last.contains(where: { $0.code == ContentReview.uncheckedCode }) { return .contentCheckUnavailable }
        if kinds.contains(.refused) { return .moderationBlocked }
        if kinds.contains(.rejected) {
            return APIError(
                400,
                .invalidRequest,
                "invalid_value",
                "the provider did not accept a value of this request",
                detail: details
            )
        }
        if !last.isEmpty, last.allSatisfy({ $0.code == Self.busyCode }) {
            return .overloaded("every place at the providers is taken; try again")
        }
        let labels = Set(attempts.compactMap(\.label))
        if labels.contains(FailureKind.unknown(.crash).label) { return .serverStopped }
        if labels == ["timeout"] {
            return APIError(504, .server, "timeout", "no provider answered in time", detail: details)
        }
        if labels == ["rate_limited"] {
            return APIError(
                429,
                .rateLimit,
                "provider_rate_limited",
                "every provider limits its rate at the moment",
                retryAfter: retryAfter,
                detail: details
            )
        }
        let tried = attempts.map { "\($0.provider)/\($0.model): \($0.label ?? "failed")" }
        return APIError(
            502,
            .server,
            "all_providers_failed",
            "every provider failed (\(tried.joined(separator: ", ")))",
            detail: details
        )
    }

    private var details: String { last.map(\.detail).joined(separator: "; ") }

    /// The shortest pause that a vendor asked for.
    private var retryAfter: Duration {
        let pauses = last.compactMap { failure -> Duration? in
            if case .unavailable(.rateLimited(let pause)) = failure.kind { pause } else { nil }
        }
        return max(pauses.min() ?? Self.usualPause, .seconds(1))
    }
}

extension APIError {
    /// The process that worked on the job is no more, and what it had begun cannot be found again.
    package static let serverStopped = APIError(
        502,
        .server,
        "all_providers_failed",
        "the server stopped while the request was running"
    )
}
