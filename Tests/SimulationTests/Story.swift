import Orchestrator

/// What has been promised so far, kept apart from the record and much simpler.
struct Story {
    private struct Lease {
        var fence: Int64
        var owner: DaemonID
        var until: Timestamp
    }

    private struct Window {
        var end: Timestamp
        var count = 0
    }

    private(set) var ended: [JobID: JobRecord] = [:]
    private var open: [JobID: Lease] = [:]
    private var counts: [JobID: Int] = [:]
    private var granted: [String: MicroUSD] = [:]
    private var grants: Set<String> = []
    private var charged: [UserID: MicroUSD] = [:]
    private var jobsByKey: [String: JobID] = [:]
    private var windows: [UserID: Window] = [:]
    private var webhooks: [JobID: WebhookID] = [:]
    private var delivered: Set<WebhookID> = []

    var openJobs: Set<JobID> { Set(open.keys) }

    var waitingWebhooks: [WebhookID] { webhooks.values.filter { !delivered.contains($0) } }

    func count(of job: JobID) -> Int { counts[job] ?? 0 }

    func balance(of user: UserID) -> MicroUSD {
        (granted[user.text] ?? .zero) - (charged[user] ?? .zero)
    }

    // MARK: - Money

    mutating func noteGrant(_ transfer: LedgerTransfer, isRepeat: Bool) throws {
        let isNew = grants.insert(transfer.id).inserted
        guard isNew != isRepeat else { throw Violation("\(transfer.id) was made \(isNew ? "before" : "again")") }
        if isNew { granted[transfer.user.text, default: .zero] += transfer.amount }
    }

    // MARK: - Jobs

    mutating func noteAccepted(_ job: JobRecord, _ request: Acceptance, count: Int, at now: Timestamp) throws {
        counts[job.id] = count
        open[job.id] = Lease(fence: 1, owner: request.daemon, until: now + World.lease)
        if let claim = request.repeats {
            let key = "\(claim.owner) \(claim.key)"
            if let earlier = jobsByKey[key], open[earlier] != nil {
                throw Violation("\(key) became \(job.id) while \(earlier) was under way")
            }
            jobsByKey[key] = job.id
        }
        var window = window(of: job.owner, at: now)
        window.count += 1
        windows[job.owner] = window
        guard window.count <= World.rate.count else { throw Violation("\(job.owner) was let in \(window.count) times") }
        if let webhook = request.webhook { webhooks[job.id] = webhook.id }
        guard
            job.credits.reserved * Int(World.credit.micros)
                == Int(World.price.micros) * (count - job.credits.freeReserved)
        else { throw Violation("\(job.id) reserved \(job.credits)") }
    }

    func checkRepeat(owner: UserID, key: String, _ known: IdempotencyRecord) throws {
        guard known.job != nil, known.job == jobsByKey["\(owner) \(key)"] else {
            throw Violation("'\(key)' is said to be \(known.job.map(\.text) ?? "nothing")")
        }
    }

    func checkRateLimit(owner: UserID, at now: Timestamp) throws {
        let count = window(of: owner, at: now).count
        guard count >= World.rate.count else { throw Violation("\(owner) was limited after \(count) requests") }
    }

    /// The window that a request falls in; one that ends further away than it is long is from before the clock was put back.
    private func window(of owner: UserID, at now: Timestamp) -> Window {
        let last = now + World.rate.window
        guard let window = windows[owner], window.end > now, window.end <= last else { return Window(end: last) }
        return window
    }

    mutating func noteEnd(_ job: JobRecord, _ end: JobEnd) throws {
        guard ended[job.id] == nil else { throw Violation("\(job.id) ended twice") }
        guard open.removeValue(forKey: job.id) != nil else { throw Violation("\(job.id) ended and was never accepted") }
        ended[job.id] = job
        charged[job.owner, default: .zero] += end.charge
        guard job.credits.charged * Int(World.credit.micros) == Int(end.charge.micros),
            job.credits.refunded == job.credits.reserved - job.credits.charged
        else { throw Violation("\(job.id) was to be charged \(end.charge): \(job.credits)") }
    }

    func checkEnds() throws {
        for job in open.keys { throw Violation("\(job) never ended") }
        for job in ended.values where job.status != .succeeded && job.credits.charged != 0 {
            throw Violation("\(job.id) \(job.status) and was charged")
        }
    }

    // MARK: - Leases

    /// A write that went through was its holder's.
    func checkHolder(_ lease: JobLease, _ what: String) throws {
        guard let current = open[lease.job] else { throw Violation("\(lease.job) has ended, and somebody \(what)") }
        guard current.fence == lease.fence else {
            throw Violation("\(lease.job) is at fence \(current.fence), and \(lease.fence) \(what)")
        }
    }

    /// A write that was turned away was not.
    func checkLost(_ lease: JobLease) throws {
        if let current = open[lease.job], current.fence == lease.fence {
            throw Violation("the holder of \(lease.job) was turned away")
        }
    }

    mutating func noteClaim(_ claim: ClaimedJob, by daemon: DaemonID, at now: Timestamp, until: Timestamp) throws {
        let job = claim.lease.job
        guard let current = open[job] else { throw Violation("\(job) was taken over after its end") }
        guard current.until <= now else { throw Violation("\(job) was taken over before its lease ran out") }
        guard claim.lease.fence > current.fence else { throw Violation("\(job) was taken over without a new fence") }
        open[job] = Lease(fence: claim.lease.fence, owner: daemon, until: until)
    }

    mutating func noteRenewal(_ held: HeldJob, by daemon: DaemonID, until: Timestamp) throws {
        guard let current = open[held.lease.job], current.fence == held.lease.fence, current.owner == daemon else {
            throw Violation("\(held.lease) was renewed by who does not hold it")
        }
        open[held.lease.job]?.until = until
    }

    // MARK: - Announcements

    func checkAnnouncement(_ delivery: WebhookDelivery) throws {
        guard ended[delivery.job] != nil else { throw Violation("\(delivery.job) was announced before its end") }
        guard webhooks[delivery.job] == delivery.target.id else { throw Violation("an announcement nobody asked for") }
        guard !delivered.contains(delivery.target.id) else { throw Violation("announced again after it was delivered") }
    }

    mutating func noteDelivered(_ delivery: WebhookDelivery) {
        delivered.insert(delivery.target.id)
    }
}
