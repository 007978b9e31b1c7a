/// One valid request that wants to be let in, and all that its job needs.
package struct JobOrder: Sendable {
    package var owner: UserID
    package var key: KeyID?
    /// What may be spent in a day on the key.
    package var keyCap: MicroUSD?
    package var registry: Registry
    /// Plans the request anew, without the providers whose caps are found full.
    package var plan: @Sendable (_ full: Set<String>) async throws(APIError) -> Plan
    /// The record of the job that a plan makes.
    package var record: @Sendable (Plan, JobID) -> JobRecord
    package var ownKeys: [String: Secret] = [:]
    package var isForGallery = false
    package var showPartial: (@Sendable (any ArtifactSink, Int) async -> Void)?
    package var repeats: IdempotencyClaim?
    package var rates: [RateClaim] = []
    /// What the plan's pictures are charged by, and what is held for them; nil where nobody is charged.
    package var credits: @Sendable (Plan) -> (quote: CreditQuote, claim: CreditClaim)? = { _ in nil }
    package var webhook: WebhookTarget?
    /// Whether the caller leaves at once: the job must then be able to begin anew without it.
    package var isAsync = false
    /// Makes the request's pictures durable, so that another process can find them by their digests.
    package var keepPictures: @Sendable () async throws(APIError) -> Void = {}
    /// Whatever owns the temporary files of the request's pictures; kept until the job has ended.
    package var uploads: [any Sendable] = []

    package init(
        owner: UserID,
        registry: Registry,
        plan: @escaping @Sendable (_ full: Set<String>) async throws(APIError) -> Plan,
        record: @escaping @Sendable (Plan, JobID) -> JobRecord
    ) {
        self.owner = owner
        self.registry = registry
        self.plan = plan
        self.record = record
    }
}

/// What became of an order.
package enum JobAdmission: Sendable {
    /// With the tightest of its rates.
    case started(RunningJob, RateVerdict?)
    /// The same key came before; nothing was begun.
    case repeated(IdempotencyRecord)
}
