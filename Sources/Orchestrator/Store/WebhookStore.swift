/// Announcements of jobs' ends that their owners asked for; made ready by the transaction that ends the job.
package protocol WebhookStore {
    /// Takes over deliveries that are due and that nobody works on; each is the caller's for `duration`.
    func claimWebhooks(for duration: Duration, now: Timestamp, limit: Int) async throws(StoreError) -> [WebhookDelivery]

    /// Notes how a try went: `next` is when to try again, nil when it was delivered or is given up.
    func settleWebhook(_ id: WebhookID, tries: Int, next: Timestamp?, isDelivered: Bool) async throws(StoreError)

    /// When the next delivery is due, as far as the record knows; nil when none waits.
    func nextWebhook() async throws(StoreError) -> Timestamp?
}

/// Names one announcement; the same on every try.
package struct WebhookID: RecordID {
    package static let prefix = "msg"
    package let text: String
    package init(trusted text: String) { self.text = text }
}

/// Where a job's end is announced.
package struct WebhookTarget: Sendable, Hashable {
    package var id: WebhookID
    package var url: String
    /// `whsec_` and base64: what the announcement is signed with.
    package var secret: String

    package init(id: WebhookID, url: String, secret: String) {
        self.id = id
        self.url = url
        self.secret = secret
    }
}

/// One announcement to be made.
package struct WebhookDelivery: Sendable, Hashable {
    package var target: WebhookTarget
    package var job: JobID
    /// Made so far.
    package var tries: Int
    /// When the job ended.
    package var ready: Timestamp

    package init(target: WebhookTarget, job: JobID, tries: Int, ready: Timestamp) {
        self.target = target
        self.job = job
        self.tries = tries
        self.ready = ready
    }
}
