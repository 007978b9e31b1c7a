/// What becomes of a job whose process works on it no more.
enum RecoveryStep: Sendable, Hashable {
    /// Somebody asked to cancel it.
    case cancel
    /// Nothing was begun: it is served from its beginning.
    case run
    /// Of its attempts, these numbers can be gone on with; none: the last one had ended, and another follows.
    case resume([Int])
    /// Nothing of it can be found again.
    case giveUp

    /// A job that was taken over so often brings down whoever works on it, or is not to be ended.
    static let mostClaims = 5

    /// Decides by the record alone; `canRepeat` tells of attempts that send nothing to anybody and may be made again.
    init(for claimed: ClaimedJob, canRepeat: (AttemptRecord) -> Bool) {
        let job = claimed.job
        if claimed.isCancelRequested {
            self = .cancel
        } else if claimed.claims > Self.mostClaims {
            self = .giveUp
        } else if job.attempts.isEmpty {
            // The keys that a caller brought were never kept, and the house does not pay in its place.
            self = job.work.ownKeys.isEmpty ? .run : .giveUp
        } else if job.attempts.allSatisfy({ FailureKind(of: $0) != nil }) {
            // What followed was not begun, so nothing is in doubt.
            self = job.work.ownKeys.isEmpty ? .resume([]) : .giveUp
        } else {
            let open = job.attempts.filter { attempt in
                guard attempt.outcome == nil, !attempt.isPaidByCaller else { return false }
                return attempt.handle != nil || canRepeat(attempt)
            }
            self = open.isEmpty ? .giveUp : .resume(open.map(\.n))
        }
    }
}

/// What a job's record says beyond the request for whoever takes the job over; kept among the request's fields.
package struct JobWork: Sendable, Hashable {
    /// Whether the pictures go to the public gallery.
    package var isForGallery = false
    /// Providers for which the caller brought a key of its own.
    package var ownKeys: [String] = []

    private static let gallery = "gallery"
    private static let keys = "own_keys"

    package init(isForGallery: Bool, ownKeys: [String]) {
        self.isForGallery = isForGallery
        self.ownKeys = ownKeys
    }

    fileprivate init(recorded: JSONObject) {
        isForGallery = recorded[Self.gallery]?.bool ?? false
        ownKeys = recorded[Self.keys]?.array?.compactMap(\.string) ?? []
    }

    /// Writes it among the request's fields.
    package func write(to request: inout JSONObject) {
        if isForGallery { request[Self.gallery] = true }
        if !ownKeys.isEmpty { request[Self.keys] = .array(ownKeys.sorted().map(JSON.string)) }
    }
}

extension JobRecord {
    var work: JobWork { JobWork(recorded: request) }
}
