import Orchestrator
import Randomness

@testable import Persistence

/// One life of one process: what it has in memory, and loses when it dies.
struct SimulatedDaemon {
    var id: DaemonID
    var tasks: [SimulatedTask] = []
}

/// A job in the hands of a daemon.
struct SimulatedTask {
    enum Phase {
        /// Accepted, no attempt begun.
        case waiting
        /// The intent is on record.
        case intended(Int)
        /// Sent; what the vendor said is in memory alone.
        case answered(Int, SimulatedVendor.Reply)
        /// The handle is on record.
        case handled(Int, VendorHandle)
        /// The pictures are stored.
        case delivered(Int, pictures: Int)
        case failed(JobStatus)
    }

    var job: JobRecord
    var lease: JobLease
    var count: Int
    var phase: Phase
}

extension World {
    /// Takes one job of a daemon one step on.
    mutating func work(at index: Int) throws {
        guard !daemons[index].tasks.isEmpty else { return }
        let place = Int.random(in: daemons[index].tasks.indices, using: &random)
        var task = daemons[index].tasks.remove(at: place)
        guard try advance(&task) else { return }
        // The process may die after any commit, before its answer is known.
        guard random.happens(95) else {
            daemons[index] = SimulatedDaemon(id: makeID())
            return
        }
        daemons[index].tasks.append(task)
    }

    /// False when the task is over for this daemon.
    private mutating func advance(_ task: inout SimulatedTask) throws -> Bool {
        switch task.phase {
        case .waiting: return try begin(1, &task)
        case .intended(let n):
            let reply = vendor.create(task.job.id, n, count: task.count, &random)
            task.phase = .answered(n, reply)
            return true
        case .answered(let n, let reply): return try take(reply, n, &task)
        case .handled(let n, let handle):
            guard vendor.isDone(handle, &random) else { return true }
            task.phase = .delivered(n, pictures: task.count)
            return true
        case .delivered(let n, let pictures): return try deliver(n, pictures: pictures, task)
        case .failed(let status): return try end(task, status)
        }
    }

    private mutating func begin(_ n: Int, _ task: inout SimulatedTask) throws -> Bool {
        let (attempt, lease) = (attempt(n, count: task.count), task.lease)
        switch try commit({ db throws(DatabaseError) in try db.begin(attempt, of: lease, caps: [World.cap]) }) {
        case .begun:
            try story.checkHolder(lease, "began an attempt")
            try checkCap(on: now.day)
            task.job.attempts.append(attempt)
            task.phase = .intended(n)
            return true
        case .capped:
            try story.checkHolder(lease, "was told of a cap")
            task.phase = .failed(.failed)
            return true
        case .lost:
            try story.checkLost(lease)
            return false
        }
    }

    private mutating func take(_ reply: SimulatedVendor.Reply, _ n: Int, _ task: inout SimulatedTask) throws -> Bool {
        switch reply {
        case .handle(let handle):
            task.job.attempts[n - 1].handle = handle
            let (attempt, lease) = (task.job.attempts[n - 1], task.lease)
            guard try commit({ db throws(DatabaseError) in try db.update(attempt, of: lease) }) else {
                try story.checkLost(lease)
                return false
            }
            try story.checkHolder(lease, "wrote a handle")
            vendor.noteRecorded(handle)
            task.phase = .handled(n, handle)
            return true
        case .pictures(let count):
            task.phase = .delivered(n, pictures: count)
            return true
        case .refused, .lost:
            if case .lost = reply {
                task.job.attempts[n - 1].outcome = .unknown
            } else {
                task.job.attempts[n - 1].outcome = .unavailable
                task.job.attempts[n - 1].cost = .zero
            }
            task.job.attempts[n - 1].ended = now
            guard n < 2 else {
                task.phase = .failed(.failed)
                return true
            }
            return try begin(n + 1, &task)
        }
    }

    private mutating func deliver(_ n: Int, pictures: Int, _ task: SimulatedTask) throws -> Bool {
        var task = task
        task.job.attempts[n - 1].outcome = .ok
        task.job.attempts[n - 1].ended = now
        task.job.attempts[n - 1].cost = MicroUSD(micros: World.unitCost.micros * Int64(pictures))
        task.job.attempts[n - 1].delivered = pictures
        return try end(task, .succeeded, pictures: pictures)
    }

    mutating func end(_ task: SimulatedTask, _ status: JobStatus, pictures: Int = 0) throws -> Bool {
        var end = JobEnd(job: task.job, lease: task.lease)
        end.job.status = status
        end.job.finished = now
        if status == .succeeded {
            end.freeUsed = min(pictures, task.job.credits.freeReserved)
            end.charge = MicroUSD(micros: World.price.micros * Int64(pictures - end.freeUsed))
        }
        let written = end
        guard let job = try commit({ db throws(DatabaseError) in try db.finish(written) })
        else {
            try story.checkLost(task.lease)
            return false
        }
        try story.checkHolder(task.lease, "ended a job")
        try story.noteEnd(job, written)
        // Whoever did not hear the answer of a commit asks again.
        if random.happens(20) {
            let again = try commit { db throws(DatabaseError) in try db.finish(written) }
            guard again == nil else { throw Violation("\(job.id) was ended again") }
        }
        return false
    }

    // MARK: - Leases

    mutating func takeOver(at index: Int) throws {
        let (daemon, now) = (daemons[index].id, now)
        let claims = try commit { db throws(DatabaseError) in
            try db.claimJobs(by: daemon, until: now + World.lease, now: now, limit: 8)
        }
        for claim in claims {
            try story.noteClaim(claim, by: daemon, at: now, until: now + World.lease)
            for attempt in claim.job.attempts
            where attempt.handle == nil && vendor.hasRecordedHandle(claim.job.id, attempt.n) {
                throw Violation("\(claim.job.id) lost the handle of attempt \(attempt.n)")
            }
            daemons[index].tasks.append(resumed(claim))
        }
    }

    /// What a daemon makes of a job that it finds on record.
    private mutating func resumed(_ claim: ClaimedJob) -> SimulatedTask {
        var task = SimulatedTask(
            job: claim.job,
            lease: claim.lease,
            count: story.count(of: claim.job.id),
            phase: .failed(.failed)
        )
        if claim.isCancelRequested {
            task.phase = .failed(.canceled)
        } else if claim.claims <= World.mostClaims {
            if claim.job.attempts.isEmpty {
                task.phase = .waiting
            } else if let open = claim.job.attempts.last, open.outcome == nil, let handle = open.handle {
                task.phase = .handled(open.n, handle)
            }
        }
        for index in task.job.attempts.indices where task.job.attempts[index].outcome == nil {
            // What an earlier attempt came to was in the memory of who made it.
            if case .handled(let n, _) = task.phase, n == task.job.attempts[index].n { continue }
            task.job.attempts[index].outcome = .unknown
            task.job.attempts[index].ended = now
        }
        return task
    }

    mutating func renew(at index: Int) throws {
        let (daemon, now) = (daemons[index].id, now)
        let held = try commit { db throws(DatabaseError) in try db.renewLeases(of: daemon, until: now + World.lease) }
        for job in held { try story.noteRenewal(job, by: daemon, until: now + World.lease) }
        let leases = Set(held.map(\.lease))
        daemons[index].tasks.removeAll { !leases.contains($0.lease) }
        let cancelled = Set(held.filter(\.isCancelRequested).map(\.lease))
        for place in daemons[index].tasks.indices where cancelled.contains(daemons[index].tasks[place].lease) {
            // What a vendor has accepted decides by its outcome; only what waits is free to go.
            if case .waiting = daemons[index].tasks[place].phase {
                daemons[index].tasks[place].phase = .failed(.canceled)
            }
        }
    }

    mutating func cancel() throws {
        guard let job = story.openJobs.sorted().first else { return }
        guard try commit({ db throws(DatabaseError) in try db.requestCancel(job) }) else {
            throw Violation("\(job) has not ended and cannot be cancelled")
        }
    }

    // MARK: - Announcements

    mutating func announce() throws {
        let now = now
        let due = try commit { db throws(DatabaseError) in
            try db.claimWebhooks(until: now + .seconds(20), now: now, limit: 4)
        }
        for delivery in due {
            try story.checkAnnouncement(delivery)
            // Whoever announces may die with the message under way: it is made again.
            guard random.happens(80) else { continue }
            let isDelivered = random.happens(60)
            let (id, tries) = (delivery.target.id, delivery.tries + 1)
            try commit { db throws(DatabaseError) in
                try db.settleWebhook(
                    id,
                    tries: tries,
                    next: isDelivered ? nil : now + .seconds(5),
                    isDelivered: isDelivered
                )
            }
            if isDelivered { story.noteDelivered(delivery) }
        }
    }
}
