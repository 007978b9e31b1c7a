import Orchestrator

/// The words by which a declaration sorts a vendor's failures.
enum FailureClass: String, Sendable, CaseIterable {
    /// The request is wrong, and would be anywhere.
    case rejected
    /// The vendor's content policy says no.
    case refused
    case rateLimited = "rate_limited"
    /// No money, no quota.
    case quota
    case credential
    case model
    /// This very request is not for this vendor.
    case unsupported
    /// Trouble for a moment: nothing was billed, and the same call may be made again.
    case server
    /// The work failed; the same call would be new work.
    case failed
    /// It may have been made and billed.
    case timeout
    /// Made and billed, and of no use.
    case unusable

    /// What it means for the attempt; a gateway's own timeout is never repeated as if nothing had been made.
    func kind(status: Int, retryAfter: Duration?) -> FailureKind {
        switch self {
        case .rejected: .rejected
        case .refused: .refused
        case .rateLimited: .unavailable(.rateLimited(retryAfter: retryAfter))
        case .quota: .unavailable(.quota)
        case .credential: .unavailable(.credential)
        case .model: .unavailable(.model)
        case .unsupported: .unavailable(.unsupported)
        case .server: .unavailable(.server(mayRepeat: FailureKind.isVendorsOwn(status)))
        case .failed: .unavailable(.server(mayRepeat: false))
        case .timeout: .unknown(.timeout)
        case .unusable: .unusable
        }
    }
}

extension ConfigNode {
    /// A class of failure by its word.
    func failureClass() throws(ConfigError) -> FailureClass {
        let word = try string()
        guard let value = FailureClass(rawValue: word) else {
            let hint = Suggestion.hint(for: word, among: FailureClass.allCases.map(\.rawValue))
            throw error("unknown class \(quotation)", hint: hint)
        }
        return value
    }
}
