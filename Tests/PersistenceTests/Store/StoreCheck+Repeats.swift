import Orchestrator
import Testing

// MARK: - Repeats

extension StoreCheck {
    private static func claim(_ bench: StoreBench, _ key: String, after seconds: Int64 = 100) -> IdempotencyClaim {
        IdempotencyClaim(owner: bench.user, key: key, fingerprint: "f-\(key)", expires: bench.now + .seconds(seconds))
    }

    static let repeats = [
        StoreCheck("a key is claimed once, and its answer kept until it has run out") { store in
            let bench = StoreBench(store, seed: 80)
            let unknown = try await store.repeats(of: bench.user, key: "k", now: bench.now)
            #expect(unknown == nil)
            let claim = claim(bench, "k")
            let claims = try await StoreCheck.together(Array(repeating: claim, count: 20)) {
                try await store.claimKey($0, now: bench.now)
            }
            #expect(claims.filter { $0 == nil }.count == 1)
            var known = IdempotencyRecord(fingerprint: "f-k", job: nil, answer: nil)
            #expect(claims.compactMap { $0 } == Array(repeating: known, count: 19))
            // Without an answer it never runs out.
            #expect(try await store.claimKey(claim, now: bench.now + .seconds(1000)) == known)
            known.answer = KeptAnswer(status: 201, body: "{\"a\": 1}")
            try await store.keepAnswer(KeptAnswer(status: 201, body: "{\"a\": 1}"), owner: bench.user, key: "k")
            #expect(try await store.repeats(of: bench.user, key: "k", now: bench.now) == known)
            #expect(try await store.claimKey(claim, now: bench.now + .seconds(99)) == known)
            let other = try await store.repeats(of: UserID(trusted: "usr_o"), key: "k", now: bench.now)
            #expect(other == nil)
            let forgotten = try await store.repeats(of: bench.user, key: "k", now: bench.now + .seconds(100))
            #expect(forgotten == nil)
            let taken = try await store.claimKey(claim, now: bench.now + .seconds(100))
            #expect(taken == nil)
            #expect(
                try await store.repeats(of: bench.user, key: "k", now: bench.now)
                    == IdempotencyRecord(fingerprint: "f-k", job: nil, answer: nil)
            )
        },
        StoreCheck("a key that is given back is free, one with an answer or a job stays") { store in
            var bench = StoreBench(store, seed: 81)
            _ = try await store.claimKey(claim(bench, "a"), now: bench.now)
            try await store.releaseKey(owner: bench.user, key: "a")
            let free = try await store.claimKey(claim(bench, "a"), now: bench.now)
            #expect(free == nil)
            try await store.keepAnswer(KeptAnswer(status: 200, body: "{}"), owner: bench.user, key: "a")
            try await store.releaseKey(owner: bench.user, key: "a")
            #expect(try await store.repeats(of: bench.user, key: "a", now: bench.now)?.answer?.status == 200)
            var acceptance = bench.acceptance(bench.job())
            acceptance.repeats = claim(bench, "b")
            try await bench.accept(acceptance)
            try await store.releaseKey(owner: bench.user, key: "b")
            #expect(try await store.repeats(of: bench.user, key: "b", now: bench.now)?.job == acceptance.job.id)
        },
        StoreCheck("a sweep removes what has run out and nothing else") { store in
            var bench = StoreBench(store, seed: 82)
            let user = try await store.ensureUser(email: "a@b", isAdmin: false, now: bench.now, id: bench.user)
            var jobs: [JobRecord] = []
            for key in ["ended", "open"] {
                var acceptance = bench.acceptance(bench.job())
                acceptance.repeats = claim(bench, key)
                acceptance.rates = [RateClaim(subject: "r", rate: Rate(count: 9, window: .seconds(50)))]
                jobs.append(try await bench.accept(acceptance))
            }
            _ = try await store.finish(bench.end(jobs[0], .failed))
            for key in ["answered", "started", "later"] {
                _ = try await store.claimKey(claim(bench, key, after: key == "later" ? 500 : 100), now: bench.now)
                if key == "started" { continue }
                try await store.keepAnswer(KeptAnswer(status: 200, body: "{}"), owner: bench.user, key: key)
            }
            for (hash, expires) in [("s1", 100), ("s2", 500)] as [(String, Int64)] {
                let session = SessionRecord(
                    tokenHash: hash,
                    user: user.id,
                    csrfToken: "c",
                    created: bench.now,
                    expires: bench.now + .seconds(expires)
                )
                try await store.addSession(session)
            }
            try await store.sweep(now: bench.now + .seconds(200))
            // Asked as of before the end, so that only what is gone is absent.
            var left: [String] = []
            for key in ["ended", "open", "answered", "started", "later"]
            where try await store.repeats(of: bench.user, key: key, now: bench.now) != nil {
                left.append(key)
            }
            #expect(left == ["open", "started", "later"])
            let gone = try await store.session(tokenHash: "s1", now: bench.now)
            #expect(gone == nil)
            #expect(try await store.session(tokenHash: "s2", now: bench.now)?.user.id == user.id)
            try await bench.expectCleanBooks()
        },
    ]
}

// MARK: - Announcements

extension StoreCheck {
    static let announcements = [
        StoreCheck("an announcement is due when its job has ended, and one daemon at a time makes it") { store in
            var bench = StoreBench(store, seed: 83)
            var acceptance = bench.acceptance(bench.job())
            let target = WebhookTarget(id: bench.generator.id(), url: "https://a/b", secret: "whsec_x")
            acceptance.webhook = target
            let job = try await bench.accept(acceptance)
            func claim(after seconds: Int64) async throws -> [WebhookDelivery] {
                try await store.claimWebhooks(for: .seconds(20), now: bench.now + .seconds(seconds), limit: 5)
            }
            #expect(try await claim(after: 1000).isEmpty)
            let waiting = try await store.nextWebhook()
            #expect(waiting == nil)
            _ = try await store.finish(bench.end(job))
            #expect(try await store.nextWebhook() == bench.now)
            let now = bench.now
            let claims = try await StoreCheck.together(Array(0..<10)) { _ in
                try await store.claimWebhooks(for: .seconds(20), now: now, limit: 5)
            }
            var delivery = WebhookDelivery(target: target, job: job.id, tries: 0, ready: bench.now)
            #expect(Array(claims.joined()) == [delivery])
            #expect(try await claim(after: 19).isEmpty)
            // Whoever had it said nothing: it is due again.
            #expect(try await claim(after: 20) == [delivery])
            let next = bench.now + .seconds(300)
            try await store.settleWebhook(target.id, tries: 1, next: next, isDelivered: false)
            #expect(try await store.nextWebhook() == next)
            #expect(try await claim(after: 299).isEmpty)
            delivery.tries = 1
            #expect(try await claim(after: 300) == [delivery])
            try await store.settleWebhook(target.id, tries: 2, next: nil, isDelivered: true)
            try await store.settleWebhook(target.id, tries: 2, next: bench.now, isDelivered: false)
            #expect(try await claim(after: 100_000).isEmpty)
            let done = try await store.nextWebhook()
            #expect(done == nil)
        },
        StoreCheck("announcements are taken over in the order they are due, and given up for good") { store in
            var bench = StoreBench(store, seed: 84)
            var ids: [WebhookID] = []
            for _ in 0..<6 {
                var acceptance = bench.acceptance(bench.job())
                let target = WebhookTarget(id: bench.generator.id(), url: "https://a", secret: "s")
                acceptance.webhook = target
                let job = try await bench.accept(acceptance)
                bench.now.milliseconds += 1000
                _ = try await store.finish(bench.end(job, .failed))
                ids.append(target.id)
            }
            let first = try await store.claimWebhooks(for: .seconds(20), now: bench.now, limit: 4)
            #expect(first.map(\.target.id) == Array(ids.prefix(4)))
            let rest = try await store.claimWebhooks(for: .seconds(20), now: bench.now, limit: 4)
            #expect(rest.map(\.target.id) == Array(ids.suffix(2)))
            for id in ids { try await store.settleWebhook(id, tries: 9, next: nil, isDelivered: false) }
            let later = bench.now + .seconds(100_000)
            #expect(try await store.claimWebhooks(for: .seconds(20), now: later, limit: 4).isEmpty)
        },
    ]
}

// MARK: - People

extension StoreCheck {
    static let people = [
        StoreCheck("who signs up is found with the hash of the password, and an address is taken once") { store in
            var bench = StoreBench(store, seed: 85)
            let now = bench.now
            let user = UserRecord(id: bench.generator.id(), email: "a@b.c", isAdmin: false, created: now)
            try await store.addUser(user, passwordHash: "h1")
            let other = UserRecord(id: bench.generator.id(), email: "a@b.c", isAdmin: true, created: now)
            #expect(
                isConflict(
                    await storeError { () throws(StoreError) in try await store.addUser(other, passwordHash: "h2") }
                )
            )
            let found = try #require(try await store.credentials(email: "a@b.c"))
            #expect(found.user.id == user.id && !found.user.isAdmin && found.user.created == now)
            #expect(found.passwordHash == "h1")
            #expect(try await store.setPassword("h3", of: user.id))
            #expect(try await store.setAdmin(true, of: user.id))
            #expect(try await !store.setPassword("h3", of: other.id))
            #expect(try await !store.setAdmin(true, of: other.id))
            #expect(try await store.credentials(email: "a@b.c")?.passwordHash == "h3")
            #expect(try await store.user(user.id)?.isAdmin == true)
            _ = try await store.ensureUser(email: "d@e.f", isAdmin: false, now: now, id: other.id)
            let made = try #require(try await store.credentials(email: "d@e.f"))
            #expect(made.passwordHash == nil)
            let none = try await store.credentials(email: "none")
            #expect(none == nil)
        },
        StoreCheck("users are listed newest first, in pages") { store in
            var bench = StoreBench(store, seed: 86)
            var ids: [UserID] = []
            for number in 0..<9 {
                let user = UserRecord(id: bench.generator.id(), email: "\(number)", isAdmin: false, created: bench.now)
                try await store.addUser(user, passwordHash: "h")
                ids.insert(user.id, at: 0)
            }
            #expect(try await store.users(after: nil, limit: 4).map(\.id) == Array(ids.prefix(4)))
            #expect(try await store.users(after: ids[3], limit: 101).map(\.id) == Array(ids.suffix(5)))
        },
        StoreCheck("a session lasts until it is ended or has run out") { store in
            let bench = StoreBench(store, seed: 87)
            let user = try await store.ensureUser(email: "a@b.c", isAdmin: true, now: bench.now, id: bench.user)
            let sessions = (0..<4).map { number in
                SessionRecord(
                    tokenHash: "h\(number)",
                    user: user.id,
                    csrfToken: "c\(number)",
                    created: bench.now,
                    expires: bench.now + .seconds(100)
                )
            }
            for session in sessions { try await store.addSession(session) }
            let found = try #require(try await store.session(tokenHash: "h1", now: bench.now + .seconds(99)))
            #expect(found.session == sessions[1])
            #expect(found.user.email == "a@b.c" && found.user.isAdmin)
            let late = try await store.session(tokenHash: "h1", now: bench.now + .seconds(100))
            #expect(late == nil)
            func live() async throws -> [Int] {
                var live: [Int] = []
                for number in 0..<4 where try await store.session(tokenHash: "h\(number)", now: bench.now) != nil {
                    live.append(number)
                }
                return live
            }
            try await store.endSession(tokenHash: "h0")
            #expect(try await live() == [1, 2, 3])
            try await store.endSessions(of: UserID(trusted: "usr_other"), butFor: nil)
            try await store.endSessions(of: user.id, butFor: "h2")
            #expect(try await live() == [2])
            try await store.endSessions(of: user.id, butFor: nil)
            #expect(try await live().isEmpty)
        },
        StoreCheck("the audit trail is read newest first, in pages, as it was written") { store in
            var bench = StoreBench(store, seed: 88)
            var entries: [AuditEntry] = []
            for number in 0..<9 {
                let entry = AuditEntry(
                    id: bench.generator.id(),
                    at: bench.now,
                    actor: number % 2 == 0 ? nil : bench.user,
                    action: "key.create",
                    subject: "s\(number)",
                    detail: ["n": .number(JSONNumber(Int64(number)))]
                )
                try await store.audit(entry)
                entries.insert(entry, at: 0)
            }
            #expect(try await store.auditTrail(after: nil, limit: 5) == Array(entries.prefix(5)))
            #expect(try await store.auditTrail(after: entries[4].id, limit: 101) == Array(entries.suffix(4)))
        },
    ]
}
