import Orchestrator

extension FailureKind {
    /// What an HTTP status says where the body says nothing better: the vendor's own codes come first, always.
    ///
    /// `mayRepeat` tells whether another call like this one could start no second billed run.
    init(status: Int, retryAfter: Duration?, mayRepeat: Bool) {
        switch status {
        case 400, 413, 422: self = .rejected
        case 401, 403, 407: self = .unavailable(.credential)
        case 402: self = .unavailable(.quota)
        case 404, 410: self = .unavailable(.model)
        case 429: self = .unavailable(.rateLimited(retryAfter: retryAfter))
        case 408, 409, 425, 500...599: self = .unavailable(.server(mayRepeat: mayRepeat))
        // Redirects, 405, 415 and the like: the address is not what the configuration believes; repeating changes
        // nothing.
        default: self = .unavailable(.server(mayRepeat: false))
        }
    }
}

extension FailureKind {
    /// Whether a server error comes from a vendor that did not do the work, and not from a proxy that gave up waiting for it
    /// (504, and 524 at one large network): what the vendor makes of such a call is billed.
    static func isVendorsOwn(_ status: Int) -> Bool { status != 504 && status != 524 }
}

extension ProviderFailure {
    /// The failure of a call that its adapter's vendor has no word for, such as a poll where all calls are synchronous.
    ///
    /// Only a handle that another kind of adapter left in a job's record can lead here; what became of the work is
    /// unknown.
    static func foreignHandle(_ kind: String) -> ProviderFailure {
        ProviderFailure(.unknown(.crash), "\(kind) has no call for work that another kind of adapter began")
    }
}
