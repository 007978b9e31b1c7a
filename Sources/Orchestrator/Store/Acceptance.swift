/// All that one request takes when it is let in.
package struct Acceptance: Sendable {
    /// Queued, or running with its first intents, whose costs count against the caps.
    package var job: JobRecord
    package var daemon: DaemonID
    /// How long the lease is good.
    package var lease: Duration
    package var now: Timestamp
    package var repeats: IdempotencyClaim?
    package var rates: [RateClaim] = []
    package var caps: [SpendCap] = []
    package var credits: CreditClaim?
    package var webhook: WebhookTarget?

    package init(job: JobRecord, daemon: DaemonID, lease: Duration, now: Timestamp) {
        self.job = job
        self.daemon = daemon
        self.lease = lease
        self.now = now
    }
}

/// Whether a request was let in. All but the first case: nothing was written, nothing is held or counted.
package enum AcceptanceOutcome: Sendable {
    /// The job with its credits as held, and what each rate has left, in the order of the claims.
    case accepted(JobRecord, [RateVerdict])
    /// The same key came before.
    case repeated(IdempotencyRecord)
    /// The claim of that index found nothing left.
    case rateLimited(Int, RateVerdict)
    case capped(SpendSubject)
    /// In micro-dollars; `available` is without what is held.
    case insufficientCredits(needed: MicroUSD, available: MicroUSD)
}

/// One request counted against one rate.
package struct RateClaim: Sendable, Hashable {
    /// Whose rate: `ip:…`, `key:…`, `global`.
    package var subject: String
    package var rate: Rate

    package init(subject: String, rate: Rate) {
        self.subject = subject
        self.rate = rate
    }
}

/// What a request found at a rate.
package struct RateVerdict: Sendable, Hashable {
    package var limit: Int
    /// Requests left in this window.
    package var remaining: Int
    /// Until the window ends.
    package var reset: Duration

    package init(limit: Int, remaining: Int, reset: Duration) {
        self.limit = limit
        self.remaining = remaining
        self.reset = reset
    }
}

/// A bound on what may be spent at vendors in one UTC day.
package struct SpendCap: Sendable, Hashable {
    package var subject: SpendSubject
    package var limit: MicroUSD

    package init(_ subject: SpendSubject, limit: MicroUSD) {
        self.subject = subject
        self.limit = limit
    }
}

/// Whose spend is added up. Each attempt counts at three of them: all, its provider, its job's key; one paid by the caller's
/// own vendor key counts nowhere.
package enum SpendSubject: Sendable, Hashable {
    case all
    case provider(String)
    case key(KeyID)

    /// As it is kept: `all`, `provider:NAME`, `key:ID`.
    package var text: String {
        switch self {
        case .all: "all"
        case .provider(let id): "provider:" + id
        case .key(let id): "key:" + id.text
        }
    }

    package init?(text: String) {
        if text == "all" {
            self = .all
        } else if text.hasPrefix("provider:") {
            self = .provider(String(text.dropFirst(9)))
        } else if text.hasPrefix("key:"), let id = KeyID(text.dropFirst(4)) {
            self = .key(id)
        } else {
            return nil
        }
    }
}

/// What a request holds of its owner's credits.
package struct CreditClaim: Sendable {
    /// The most that is charged when so many free uses are taken: index 0 for none, the last for all that are wanted.
    package var holds: [MicroUSD]
    /// Free uses that each user has a day.
    package var freePerDay: Int
    /// What one credit is worth, for the figures in the job's answer.
    package var credit: MicroUSD

    package init(holds: [MicroUSD], freePerDay: Int, credit: MicroUSD) {
        precondition(!holds.isEmpty)
        self.holds = holds
        self.freePerDay = freePerDay
        self.credit = credit
    }
}
