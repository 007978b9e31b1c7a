/// Why a vendor's reply is no picture, in the terms on which the next step depends.
public struct ProviderFailure: Error, Sendable, Equatable {
    /// The class, on which the next step depends.
    public var kind: FailureKind
    /// For the log alone; may quote the vendor.
    public var detail: String
    /// The vendor's own code, for the log.
    public var code: String?
    /// Whether the vendor bills the attempt, where that is otherwise than usual for the class.
    public var isBilled: Bool?

    /// A failure, with what the log shall say of it.
    public init(_ kind: FailureKind, _ detail: String, code: String? = nil) {
        self.kind = kind
        self.detail = detail
        self.code = code
    }
}

extension ProviderFailure {
    /// The same without a credential that the vendor repeated in its answer: what is kept of it goes to the log.
    func hiding(_ credential: Secret?) -> ProviderFailure {
        guard let text = credential?.reveal(), text.utf8.count >= 4 else { return self }
        var copy = self
        copy.detail = detail.replacing(text, with: "[key]")
        copy.code = code?.replacing(text, with: "[key]")
        return copy
    }
}

/// The closed list of ways in which an attempt fails; each leads to its own next step.
public enum FailureKind: Sendable, Hashable {
    /// The caller's request is at fault, and would be at any vendor: no further attempt.
    case rejected
    /// The vendor's content policy says no.
    case refused
    /// Known not billed, and nobody's fault for long.
    case unavailable(Unavailability)
    /// Sent, and no answer: it may have been made and billed.
    case unknown(Uncertainty)
    /// A success that holds no usable picture; taken as billed.
    case unusable
}

/// Why a provider could not serve, though nothing was billed.
public enum Unavailability: Sendable, Hashable {
    /// Too fast; the vendor may say when to come back.
    case rateLimited(retryAfter: Duration?)
    /// Out of money or quota: no retry will help.
    case quota
    /// Key missing, wrong or not permitted.
    case credential
    /// The model is gone or unknown there.
    case model
    /// The vendor cannot serve this very request, though another may: a language it does not read, for example.
    case unsupported
    /// 5xx, overload, refused connection; `mayRepeat` is false where a repeat could start a second billed run.
    case server(mayRepeat: Bool)
    /// No connection was made.
    case connection
}

/// Where an answer was lost.
public enum Uncertainty: String, Sendable, Hashable {
    /// The time for the attempt ran out.
    case timeout
    /// The connection broke after the request was sent.
    case cut
    /// The daemon died between sending and hearing.
    case crash
}

extension FailureKind {
    /// The contract's word for the outcome of such an attempt.
    package var outcome: AttemptOutcome {
        switch self {
        case .rejected: .rejected
        case .refused: .refused
        case .unavailable: .unavailable
        case .unknown: .unknown
        case .unusable: .unusable
        }
    }

    /// A constant word for logs, metrics and the attempt list.
    package var label: String {
        switch self {
        case .rejected: "rejected"
        case .refused: "refused"
        case .unavailable(.rateLimited): "rate_limited"
        case .unavailable(.quota): "quota"
        case .unavailable(.credential): "credential"
        case .unavailable(.model): "model_unavailable"
        case .unavailable(.unsupported): "unsupported"
        case .unavailable(.server): "server_error"
        case .unavailable(.connection): "connection"
        case .unknown(.timeout): "timeout"
        case .unknown(.cut): "connection_cut"
        case .unknown(.crash): "crash"
        case .unusable: "unusable"
        }
    }
}

extension FailureKind {
    /// Every label's kind; what a vendor asked to wait is not on record, and an error of a server is not repeated there.
    private static let recorded: [FailureKind] = [
        .rejected, .refused, .unavailable(.rateLimited(retryAfter: nil)), .unavailable(.quota),
        .unavailable(.credential), .unavailable(.model), .unavailable(.unsupported),
        .unavailable(.server(mayRepeat: false)), .unavailable(.connection), .unknown(.timeout), .unknown(.cut),
        .unknown(.crash), .unusable,
    ]

    /// Why an attempt failed that is on record; nil for one that runs or that delivered.
    init?(of attempt: AttemptRecord) {
        guard let outcome = attempt.outcome, outcome != .ok else { return nil }
        let alike = Self.recorded.filter { $0.outcome == outcome }
        guard let kind = alike.first(where: { $0.label == attempt.label }) ?? alike.first else { return nil }
        self = kind
    }
}

/// How an attempt ended, in the contract's words.
package enum AttemptOutcome: String, Sendable, CaseIterable {
    case ok, rejected, refused, unavailable, unknown, unusable
}
