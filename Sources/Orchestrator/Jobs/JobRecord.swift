/// One image request from acceptance to its end: what every answer, poll, replay and webhook is made from.
package struct JobRecord: Sendable {
    package var id: JobID
    package var owner: UserID
    package var key: KeyID?
    package var requestID: String
    package var operation: Operation
    package var status = JobStatus.queued
    package var created: Timestamp
    package var started: Timestamp?
    package var finished: Timestamp?
    /// The request's fields as accepted, pictures by digest.
    package var request: JSONObject
    package var policy: String
    package var answer: AnswerFacts
    package var images: [ImageRecord] = []
    package var attempts: [AttemptRecord] = []
    package var adapted: [Adaptation] = []
    /// What the delivered pictures cost at our prices.
    package var cost = MicroUSD.zero
    package var error: APIError?
    /// Nil where nobody is charged.
    package var quote: CreditQuote?
    package var credits = JobCredits()

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
        self.id = id
        self.owner = owner
        self.requestID = requestID
        self.operation = operation
        self.created = created
        self.request = request
        self.policy = policy
        self.answer = answer
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
    /// Counts from 1 within the job.
    package var n: Int
    package var provider: String
    package var model: String
    package var tier: Tier
    /// Pictures asked of this attempt.
    package var count: Int
    package var started: Timestamp
    package var ended: Timestamp?
    /// Nil while it runs.
    package var outcome: AttemptOutcome?
    /// A constant word for the failure, such as `rate_limited`.
    package var label: String?
    /// Billed as far as we know; for an unknown outcome the worst case.
    package var cost = MicroUSD.zero
    /// Pictures delivered.
    package var delivered = 0
    /// The vendor's name for the work, where it has one.
    package var handle: VendorHandle?
    package var usage: TokenUsage?
    /// Nil until pictures were made.
    package var reckoning: Reckoning?
    /// Paid by the vendor key that the caller brought: no business of the house's caps.
    package var isPaidByCaller = false

    package init(n: Int, provider: String, model: String, tier: Tier, count: Int, started: Timestamp) {
        self.n = n
        self.provider = provider
        self.model = model
        self.tier = tier
        self.count = count
        self.started = started
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
