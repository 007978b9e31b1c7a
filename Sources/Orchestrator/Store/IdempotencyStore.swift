/// What makes a repeated request the same request.
package protocol IdempotencyStore {
    /// What is known of a key; nil where it was never used or has run out.
    func repeats(of owner: UserID, key: String, now: Timestamp) async throws(StoreError) -> IdempotencyRecord?

    /// Takes a key for a request that is no job; nil: it is the caller's now, else what is known of it.
    func claimKey(_ claim: IdempotencyClaim, now: Timestamp) async throws(StoreError) -> IdempotencyRecord?

    /// Keeps the answer of a request whose key was claimed.
    func keepAnswer(_ answer: KeptAnswer, owner: UserID, key: String) async throws(StoreError)

    /// Gives a claimed key back: the request was refused before it did anything.
    func releaseKey(owner: UserID, key: String) async throws(StoreError)
}

/// A request's key, taken in the same transaction as what the request does.
package struct IdempotencyClaim: Sendable, Hashable {
    package var owner: UserID
    /// 1...255 visible ASCII characters.
    package var key: String
    /// SHA-256 over method, path and body, lower-case hex.
    package var fingerprint: String
    /// When a kept answer may be forgotten; one that has not come yet is never.
    package var expires: Timestamp

    package init(owner: UserID, key: String, fingerprint: String, expires: Timestamp) {
        self.owner = owner
        self.key = key
        self.fingerprint = fingerprint
        self.expires = expires
    }
}

/// What is known of a key.
package struct IdempotencyRecord: Sendable, Hashable {
    package var fingerprint: String
    /// The job that the request became; its answer is made from the job's record.
    package var job: JobID?
    /// Of a request that is no job; nil while it runs.
    package var answer: KeptAnswer?

    package init(fingerprint: String, job: JobID?, answer: KeptAnswer?) {
        self.fingerprint = fingerprint
        self.job = job
        self.answer = answer
    }
}

package struct KeptAnswer: Sendable, Hashable {
    package var status: Int
    /// JSON text.
    package var body: String

    package init(status: Int, body: String) {
        self.status = status
        self.body = body
    }
}
