/// The durable record, as whole operations; each is one transaction, and has happened when it returns.
package protocol Store: Sendable {
    // MARK: Jobs

    /// Writes a new job with the intents of its first attempts; throws `.conflict` when its id is taken.
    func accept(_ job: JobRecord) async throws(StoreError)

    /// Writes an attempt's intent, handle or outcome; a repeat replaces what stood there. A queued job is running from
    /// then on.
    func record(_ attempt: AttemptRecord, of job: JobID) async throws(StoreError)

    /// Writes a job's end with its attempts and pictures; a job that has ended already is left as it is. Attempts that the
    /// end does not have were never made, and are forgotten.
    ///
    /// With `inGallery` each picture gets its place there as well, in the same transaction: the time of the job's end, or
    /// the millisecond after the last place that was ever given, whichever is later.
    func finish(_ job: JobRecord, inGallery: Bool) async throws(StoreError)

    func job(_ id: JobID) async throws(StoreError) -> JobRecord?

    /// Newest first.
    func jobs(_ query: JobQuery) async throws(StoreError) -> [JobRecord]

    /// Jobs that have not ended, oldest first; what a restart finds.
    func unfinishedJobs() async throws(StoreError) -> [JobRecord]

    // MARK: Pictures

    func image(_ id: ImageID) async throws(StoreError) -> StoredImage?

    /// Newest first.
    func images(_ query: ImageQuery) async throws(StoreError) -> [StoredImage]

    /// How many pictures match, whatever the cursor and limit.
    func imageCount(_ query: ImageQuery) async throws(StoreError) -> Int

    /// False when there is no such picture.
    func setVisibility(_ id: ImageID, isPublic: Bool) async throws(StoreError) -> Bool

    /// Removes the row, and says whether another picture has the same bytes.
    func deleteImage(_ id: ImageID) async throws(StoreError) -> Bool

    // MARK: Gallery

    /// The public pictures that have a place in the gallery, newest first, from the first one before `time` on; nil: from
    /// the newest. `limit` is 1...101.
    func gallery(before time: Timestamp?, limit: Int) async throws(StoreError) -> [GalleryEntry]

    /// The public picture whose place is `time`.
    func galleryEntry(at time: Timestamp) async throws(StoreError) -> GalleryEntry?

    /// A public picture's place in the gallery; nil when it has none.
    func galleryEntry(of image: ImageID) async throws(StoreError) -> GalleryEntry?

    // MARK: Users and keys

    /// The user, made on first use when `email` is not known.
    func ensureUser(email: String, isAdmin: Bool, now: Timestamp, id: UserID) async throws(StoreError) -> UserRecord
    func user(_ id: UserID) async throws(StoreError) -> UserRecord?

    /// Adds a key, or leaves the one that has the same hash.
    func addKey(_ key: KeyRecord) async throws(StoreError)
    func key(hash: String) async throws(StoreError) -> KeyRecord?
    func keys(of owner: UserID) async throws(StoreError) -> [KeyRecord]
    /// False when the owner has no such key that is not revoked.
    func revokeKey(_ id: KeyID, owner: UserID, now: Timestamp) async throws(StoreError) -> Bool

    // MARK: Spend

    /// Sums over attempts begun in `since..<until`, grouped by the given columns in that order and sorted by them. A day
    /// is written `YYYY-MM-DD`; the key of a job without one is the empty text.
    func spend(since: Timestamp, until: Timestamp?, by columns: [SpendColumn]) async throws(StoreError) -> [SpendRow]

    // MARK: Life

    /// Whether a transaction can be made now.
    func ping() async throws(StoreError)
}

extension Store {
    /// Writes the end of a job that is no business of the gallery's.
    package func finish(_ job: JobRecord) async throws(StoreError) {
        try await finish(job, inGallery: false)
    }
}

/// Which jobs to list.
package struct JobQuery: Sendable {
    package var owner: UserID?
    /// The last one already seen; older ones follow.
    package var after: JobID?
    package var status: JobStatus?
    /// As in the request's `model`, or a served `provider/model`.
    package var model: String?
    /// Created at this moment or later.
    package var from: Timestamp?
    /// Created before this moment.
    package var to: Timestamp?
    /// 1...100.
    package var limit = 20

    package init() {}
}

/// Which pictures to list.
package struct ImageQuery: Sendable {
    /// Of this owner; nil: of everybody.
    package var owner: UserID?
    package var publicOnly = true
    /// The last one already seen.
    package var after: ImageID?
    /// Skipped from the newest; for page numbers.
    package var offset = 0
    /// 1...100.
    package var limit = 20

    package init() {}
}

/// A picture with what its job says of it.
package struct StoredImage: Sendable {
    package var image: ImageRecord
    package var prompt: String
    package var operation: Operation
    package var metadata: JSON?

    package init(image: ImageRecord, prompt: String, operation: Operation, metadata: JSON?) {
        self.image = image
        self.prompt = prompt
        self.operation = operation
        self.metadata = metadata
    }
}

package struct UserRecord: Sendable {
    package var id: UserID
    package var email: String
    package var isAdmin: Bool
    package var created: Timestamp

    package init(id: UserID, email: String, isAdmin: Bool, created: Timestamp) {
        self.id = id
        self.email = email
        self.isAdmin = isAdmin
        self.created = created
    }
}

/// An API key as the store knows it: never the key itself.
package struct KeyRecord: Sendable {
    package var id: KeyID
    package var owner: UserID
    package var name: String
    /// The first characters, by which its owner recognizes it.
    package var prefix: String
    /// SHA-256 of the whole key, lower-case hex; the key is random and long, so no slow hash is needed.
    package var hash: String
    package var created: Timestamp
    package var expires: Timestamp?
    package var revoked: Timestamp?
    package var scopes: [String]
    package var policy: String?
    package var spendPerDay: MicroUSD?
    /// Replaces `limits.per_key`.
    package var rate: Rate?

    package init(id: KeyID, owner: UserID, name: String, prefix: String, hash: String, created: Timestamp) {
        self.id = id
        self.owner = owner
        self.name = name
        self.prefix = prefix
        self.hash = hash
        self.created = created
        scopes = []
    }
}

/// What spend can be grouped by.
package enum SpendColumn: String, Sendable, CaseIterable {
    case provider, model, tier, key, day
}

/// One group of attempts.
package struct SpendRow: Sendable {
    /// One value for each column asked, in that order.
    package var group: [String]
    package var requests: Int
    package var images: Int
    /// Attempts whose outcome is known.
    package var cost: MicroUSD
    /// Attempts whose outcome is not, at their worst.
    package var unresolved: MicroUSD

    package init(group: [String], requests: Int, images: Int, cost: MicroUSD, unresolved: MicroUSD) {
        self.group = group
        self.requests = requests
        self.images = images
        self.cost = cost
        self.unresolved = unresolved
    }
}

/// Why an operation did not happen.
package enum StoreError: Error, Sendable {
    /// The record cannot be reached or written now; nothing was changed.
    case unavailable(String)
    /// The record holds something that no version of this program wrote.
    case corrupt(String)
    /// The operation contradicts what is recorded, such as a second job under one id; nothing was changed.
    case conflict(String)
}
