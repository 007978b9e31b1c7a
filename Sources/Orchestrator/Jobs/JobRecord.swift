/// One image request from acceptance to its end: what every answer, poll, replay and webhook is made from.
package struct JobRecord: Sendable {
    /// On the heap: a job is handed on and waited with far more often than it changes.
    private var content: CopyOnWrite<Content>

    private struct Content: Sendable {
        var id: JobID
        var owner: UserID
        var key: KeyID?
        var requestID: String
        var operation: Operation
        var status = JobStatus.queued
        var created: Timestamp
        var started: Timestamp?
        var finished: Timestamp?
        var request: JSONObject
        var policy: String
        var answer: AnswerFacts
        var images: [ImageRecord] = []
        var attempts: [AttemptRecord] = []
        var adapted: [Adaptation] = []
        var cost = MicroUSD.zero
        var error: APIError?
        var quote: CreditQuote?
        var credits = JobCredits()
    }

    package var id: JobID {
        get { content.value.id }
        _modify { yield &content.value.id }
    }
    package var owner: UserID {
        get { content.value.owner }
        _modify { yield &content.value.owner }
    }
    package var key: KeyID? {
        get { content.value.key }
        _modify { yield &content.value.key }
    }
    package var requestID: String {
        get { content.value.requestID }
        _modify { yield &content.value.requestID }
    }
    package var operation: Operation {
        get { content.value.operation }
        _modify { yield &content.value.operation }
    }
    package var status: JobStatus {
        get { content.value.status }
        _modify { yield &content.value.status }
    }
    package var created: Timestamp {
        get { content.value.created }
        _modify { yield &content.value.created }
    }
    package var started: Timestamp? {
        get { content.value.started }
        _modify { yield &content.value.started }
    }
    package var finished: Timestamp? {
        get { content.value.finished }
        _modify { yield &content.value.finished }
    }
    /// The request's fields as accepted, pictures by digest.
    package var request: JSONObject {
        _read { yield content.value.request }
        _modify { yield &content.value.request }
    }
    package var policy: String {
        get { content.value.policy }
        _modify { yield &content.value.policy }
    }
    package var answer: AnswerFacts {
        _read { yield content.value.answer }
        _modify { yield &content.value.answer }
    }
    package var images: [ImageRecord] {
        _read { yield content.value.images }
        _modify { yield &content.value.images }
    }
    package var attempts: [AttemptRecord] {
        _read { yield content.value.attempts }
        _modify { yield &content.value.attempts }
    }
    package var adapted: [Adaptation] {
        _read { yield content.value.adapted }
        _modify { yield &content.value.adapted }
    }
    /// What the delivered pictures cost at our prices.
    package var cost: MicroUSD {
        get { content.value.cost }
        _modify { yield &content.value.cost }
    }
    package var error: APIError? {
        _read { yield content.value.error }
        _modify { yield &content.value.error }
    }
    /// Nil where nobody is charged.
    package var quote: CreditQuote? {
        _read { yield content.value.quote }
        _modify { yield &content.value.quote }
    }
    package var credits: JobCredits {
        get { content.value.credits }
        _modify { yield &content.value.credits }
    }

    package init(
        id: JobID,
        owner: UserID,
        requestID: String,
        operation: Operation,
        created: Timestamp,
        request: JSONObject,
        policy: String,
        answer: AnswerFacts
    ) {
        content = CopyOnWrite(
            Content(
                id: id,
                owner: owner,
                requestID: requestID,
                operation: operation,
                created: created,
                request: request,
                policy: policy,
                answer: answer
            )
        )
    }
}

/// Where a job stands; it moves down this list only, and the last three are final.
package enum JobStatus: String, Sendable, CaseIterable {
    /// Accepted; next: running, canceled, failed.
    case queued
    /// An attempt has begun; next: succeeded, failed, canceled.
    case running
    case succeeded, failed, canceled

    package var isFinal: Bool {
        switch self {
        case .queued, .running: false
        case .succeeded, .failed, .canceled: true
        }
    }
}

/// What OpenAI's answer shape needs beyond the pictures.
package struct AnswerFacts: Sendable {
    package var responseFormat: ResponseFormat
    /// The format asked for.
    package var format: ImageFormat
    package var background: Background
    /// The tier that was served, once one was.
    package var tier: Tier?
    /// Summed over the attempts that succeeded; nil where no vendor gave any.
    package var usage: TokenUsage?
    /// Pictures that were asked for and not made, while others were.
    package var missing: [MissingPicture] = []

    package init(responseFormat: ResponseFormat, format: ImageFormat, background: Background) {
        self.responseFormat = responseFormat
        self.format = format
        self.background = background
    }
}

/// One picture of a request that nobody made.
package struct MissingPicture: Sendable, Hashable {
    /// Its place in the request, from 0.
    package var slot: Int
    /// A constant word for the failure, such as `rate_limited`.
    package var label: String

    package init(slot: Int, label: String) {
        self.slot = slot
        self.label = label
    }
}

/// One stored picture of a job.
package struct ImageRecord: Sendable {
    package var id: ImageID
    package var job: JobID
    package var owner: UserID
    /// Place in the job's answer, from 0.
    package var index: Int
    package var created: Timestamp
    /// SHA-256 of the bytes, lower-case hex.
    package var digest: String
    package var byteCount: Int64
    package var format: ImageFormat
    package var size: PixelSize
    package var hasAlpha: Bool
    package var provider: String
    package var model: String
    package var tier: Tier
    package var cost: MicroUSD
    package var seed: UInt64?
    package var revisedPrompt: String?
    package var isPublic: Bool
    /// What its file says about how it came about.
    package var provenance: Provenance?
    /// The vendor's file, where what it says about that was lost when the picture was made into what was asked for.
    package var original: OriginalFile?

    package init(
        id: ImageID,
        job: JobID,
        owner: UserID,
        index: Int,
        created: Timestamp,
        digest: String,
        facts: ImageFacts,
        size: PixelSize,
        provider: String,
        model: String,
        tier: Tier,
        cost: MicroUSD,
        isPublic: Bool
    ) {
        self.id = id
        self.job = job
        self.owner = owner
        self.index = index
        self.created = created
        self.digest = digest
        byteCount = facts.byteCount
        format = facts.format
        self.size = size
        hasAlpha = facts.hasAlpha
        self.provider = provider
        self.model = model
        self.tier = tier
        self.cost = cost
        self.isPublic = isPublic
        provenance = facts.provenance
    }
}

/// The file that a stored picture was made from, kept beside it.
package struct OriginalFile: Sendable, Hashable {
    /// SHA-256 of the bytes, lower-case hex.
    package var digest: String
    package var format: ImageFormat

    package init(digest: String, format: ImageFormat) {
        self.digest = digest
        self.format = format
    }
}

/// One call for pictures to one provider, from intent to outcome.
package struct AttemptRecord: Sendable {
    /// On the heap, as the job's.
    private var content: CopyOnWrite<Content>

    private struct Content: Sendable {
        var n: Int
        var provider: String
        var model: String
        var tier: Tier
        var count: Int
        var started: Timestamp
        var ended: Timestamp?
        var outcome: AttemptOutcome?
        var label: String?
        var cost = MicroUSD.zero
        var delivered = 0
        var handle: VendorHandle?
        var usage: TokenUsage?
        var reckoning: Reckoning?
        var isPaidByCaller = false
    }

    /// Counts from 1 within the job.
    package var n: Int {
        get { content.value.n }
        _modify { yield &content.value.n }
    }
    package var provider: String {
        get { content.value.provider }
        _modify { yield &content.value.provider }
    }
    package var model: String {
        get { content.value.model }
        _modify { yield &content.value.model }
    }
    package var tier: Tier {
        get { content.value.tier }
        _modify { yield &content.value.tier }
    }
    /// Pictures asked of this attempt.
    package var count: Int {
        get { content.value.count }
        _modify { yield &content.value.count }
    }
    package var started: Timestamp {
        get { content.value.started }
        _modify { yield &content.value.started }
    }
    package var ended: Timestamp? {
        get { content.value.ended }
        _modify { yield &content.value.ended }
    }
    /// Nil while it runs.
    package var outcome: AttemptOutcome? {
        get { content.value.outcome }
        _modify { yield &content.value.outcome }
    }
    /// A constant word for the failure, such as `rate_limited`.
    package var label: String? {
        get { content.value.label }
        _modify { yield &content.value.label }
    }
    /// Billed as far as we know; for an unknown outcome the worst case.
    package var cost: MicroUSD {
        get { content.value.cost }
        _modify { yield &content.value.cost }
    }
    /// Pictures delivered.
    package var delivered: Int {
        get { content.value.delivered }
        _modify { yield &content.value.delivered }
    }
    /// The vendor's name for the work, where it has one.
    package var handle: VendorHandle? {
        _read { yield content.value.handle }
        _modify { yield &content.value.handle }
    }
    package var usage: TokenUsage? {
        _read { yield content.value.usage }
        _modify { yield &content.value.usage }
    }
    /// Nil until pictures were made.
    package var reckoning: Reckoning? {
        get { content.value.reckoning }
        _modify { yield &content.value.reckoning }
    }
    /// Paid by the vendor key that the caller brought: no business of the house's caps.
    package var isPaidByCaller: Bool {
        get { content.value.isPaidByCaller }
        _modify { yield &content.value.isPaidByCaller }
    }

    package init(n: Int, provider: String, model: String, tier: Tier, count: Int, started: Timestamp) {
        content = CopyOnWrite(
            Content(n: n, provider: provider, model: model, tier: tier, count: count, started: started)
        )
    }
}

/// What the pictures that an attempt made were said to cost, and what their bill comes to.
package struct Reckoning: Sendable, Hashable {
    package var quoted: MicroUSD
    /// By the vendor's own count where it gives one, also beyond what was held for it.
    package var billed: MicroUSD

    package init(quoted: MicroUSD, billed: MicroUSD) {
        self.quoted = quoted
        self.billed = billed
    }

    /// Above any true bill, and so far below what a column can hold that millions of them still add up.
    package static let most = MicroUSD(micros: 1_000_000_000_000)
}

/// One thing that is not as it was asked, and why.
package struct Adaptation: Sendable, Hashable {
    /// The request's field.
    package var field: String
    package var asked: String
    package var given: String
    package var why: String

    package init(field: String, asked: String, given: String, why: String) {
        self.field = field
        self.asked = asked
        self.given = given
        self.why = why
    }
}
