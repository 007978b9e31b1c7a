import Orchestrator

/// The limits on image requests: by address, by key, and over all; counted by the record, for all daemons that share it.
enum RateLimits {
    static func claims(address: String, caller: Caller, _ limits: LimitSettings) -> [RateClaim] {
        [
            RateClaim(subject: "ip:" + address, rate: limits.perIP),
            RateClaim(
                subject: "key:" + (caller.key?.id.text ?? caller.user.id.text),
                rate: caller.key?.rate ?? limits.perKey
            ),
            RateClaim(subject: RateClaim.everybody, rate: limits.global),
        ]
    }
}
