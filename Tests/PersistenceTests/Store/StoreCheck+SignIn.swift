import Orchestrator
import Testing

// MARK: - Devices

extension StoreCheck {
    private static func grant(_ bench: StoreBench, _ name: String) -> DeviceGrant {
        DeviceGrant(
            codeHash: "hash-\(name)",
            userCode: "CODE-\(name)",
            clientID: name == "a" ? nil : "client",
            name: "a printer",
            provider: name == "a" ? nil : "github",
            address: "192.0.2.7",
            created: bench.now,
            expires: bench.now + .seconds(100),
            interval: 5
        )
    }

    private static func key(_ bench: inout StoreBench, of owner: UserID, _ hash: String) -> KeyRecord {
        KeyRecord(
            id: bench.generator.id(),
            owner: owner,
            name: "device",
            prefix: "ork_",
            hash: hash,
            created: bench.now
        )
    }

    static let devices = [
        StoreCheck("a device is found by either code, exactly as it was added, and each code is taken once") { store in
            let bench = StoreBench(store, seed: 90)
            for name in ["a", "b"] {
                try await store.addDeviceGrant(grant(bench, name))
                #expect(try await store.deviceGrant(codeHash: "hash-\(name)") == grant(bench, name))
                #expect(try await store.deviceGrant(userCode: "CODE-\(name)") == grant(bench, name))
            }
            let none = try await store.deviceGrant(codeHash: "CODE-a")
            #expect(none == nil)
            for change in [\DeviceGrant.codeHash, \DeviceGrant.userCode] {
                var again = grant(bench, "c")
                again[keyPath: change] = grant(bench, "a")[keyPath: change]
                let twice = again
                #expect(
                    isConflict(await storeError { () throws(StoreError) in try await store.addDeviceGrant(twice) })
                )
            }
        },
        StoreCheck("of polls at once one is noted, and none once somebody has decided") { store in
            let bench = StoreBench(store, seed: 91)
            var grant = StoreCheck.grant(bench, "a")
            try await store.addDeviceGrant(grant)
            for seconds in [1, 2] as [Int64] {
                let (asked, now) = (grant, bench.now + .seconds(seconds))
                let noted = try await together(Array(0..<8)) { _ in
                    try await store.notePoll(of: asked, at: now, interval: 5 * Int(seconds))
                }
                #expect(noted.filter { $0 }.count == 1)
                (grant.polled, grant.interval) = (now, 5 * Int(seconds))
                #expect(try await store.deviceGrant(codeHash: grant.codeHash) == grant)
            }
            #expect(
                try await store.decideDevice(userCode: "CODE-a", by: bench.user, isApproved: false, now: bench.now)
            )
            #expect(try await !store.notePoll(of: grant, at: bench.now + .seconds(9), interval: 5))
        },
        StoreCheck("one person decides on a device, in time, and may say the same twice") { store in
            var bench = StoreBench(store, seed: 92)
            try await store.addDeviceGrant(grant(bench, "a"))
            let (people, now) = ((0..<6).map { _ in bench.generator.id(UserID.self) }, bench.now)
            let decisions = try await together(people) { person in
                let isFirst = try await store.decideDevice(
                    userCode: "CODE-a",
                    by: person,
                    isApproved: true,
                    now: now + .seconds(99)
                )
                return (person, isFirst)
            }
            let deciders = decisions.filter(\.1).map(\.0)
            let found = try #require(try await store.deviceGrant(userCode: "CODE-a"))
            #expect(deciders.count == 1 && found.user == deciders.first && found.state == .approved)
            let decider = try #require(deciders.first)
            #expect(try await store.decideDevice(userCode: "CODE-a", by: decider, isApproved: true, now: now))
            #expect(try await !store.decideDevice(userCode: "CODE-a", by: decider, isApproved: false, now: now))
            try await store.addDeviceGrant(grant(bench, "b"))
            let late = now + .seconds(100)
            #expect(try await !store.decideDevice(userCode: "CODE-b", by: decider, isApproved: true, now: late))
            #expect(try await !store.decideDevice(userCode: "CODE-x", by: decider, isApproved: true, now: now))
        },
        StoreCheck("a device gets one key, of who let it in, and only in time") { store in
            var bench = StoreBench(store, seed: 93)
            let (user, now) = (bench.user, bench.now)
            for name in ["a", "b", "c"] { try await store.addDeviceGrant(grant(bench, name)) }
            let early = key(&bench, of: user, "early")
            #expect(try await !store.redeemDevice(codeHash: "hash-a", for: early, now: now))
            for (name, isApproved) in [("a", true), ("b", false), ("c", true)] {
                #expect(
                    try await store.decideDevice(userCode: "CODE-\(name)", by: user, isApproved: isApproved, now: now)
                )
            }
            let other = key(&bench, of: bench.generator.id(), "other")
            #expect(try await !store.redeemDevice(codeHash: "hash-a", for: other, now: now))
            let keys = (0..<10).map { key(&bench, of: user, "key-\($0)") }
            let redeemed = try await together(keys) { key in
                try await store.redeemDevice(codeHash: "hash-a", for: key, now: now) ? key.id : nil
            }
            #expect(redeemed.compactMap { $0 }.count == 1)
            #expect(try await store.keys(of: user).map(\.id) == redeemed.compactMap { $0 })
            #expect(try await store.deviceGrant(codeHash: "hash-a")?.state == .redeemed)
            #expect(try await !store.redeemDevice(codeHash: "hash-b", for: keys[9], now: now))
            #expect(try await !store.redeemDevice(codeHash: "hash-c", for: keys[9], now: now + .seconds(100)))
        },
        StoreCheck("a sweep forgets devices a day after their time, and sign-ins at once") { store in
            let bench = StoreBench(store, seed: 94)
            try await store.addDeviceGrant(grant(bench, "a"))
            for name in ["x", "y"] { try await store.addSignIn(signIn(bench, name, seconds: name == "x" ? 10 : 900)) }
            try await store.sweep(now: bench.now + .seconds(200))
            #expect(try await store.deviceGrant(codeHash: "hash-a") != nil)
            let gone = try await store.takeSignIn(stateHash: "state-x", now: bench.now)
            #expect(gone == nil)
            #expect(try await store.takeSignIn(stateHash: "state-y", now: bench.now) != nil)
            try await store.sweep(now: bench.now + .seconds(86_500))
            let late = try await store.deviceGrant(codeHash: "hash-a")
            #expect(late == nil)
        },
    ]
}

// MARK: - Identities

extension StoreCheck {
    private static func signIn(_ bench: StoreBench, _ name: String, seconds: Int64 = 60) -> PendingSignIn {
        PendingSignIn(
            stateHash: "state-\(name)",
            provider: "github",
            browserHash: "browser",
            redirectURI: "https://here.test/v1/auth/github/callback",
            returnPath: "/device?user_code=A",
            verifier: "verifier",
            nonce: "nonce",
            expires: bench.now + .seconds(seconds)
        )
    }

    private static func user(_ bench: inout StoreBench, _ email: String, isAdmin: Bool = false) -> UserRecord {
        UserRecord(id: bench.generator.id(), email: email, isAdmin: isAdmin, created: bench.now)
    }

    /// Gives an account one thing of each kind that opens it.
    private static func furnish(_ bench: inout StoreBench, _ user: UserID, _ name: String) async throws {
        try await bench.store.addKey(key(&bench, of: user, "key-\(name)"))
        let session = SessionRecord(
            tokenHash: "session-\(name)",
            user: user,
            csrfToken: "c",
            created: bench.now,
            expires: bench.now + .seconds(1000)
        )
        try await bench.store.addSession(session)
    }

    private static func opens(_ bench: StoreBench, _ email: String, _ name: String) async throws -> [Bool] {
        [
            try await bench.store.credentials(email: email)?.passwordHash != nil,
            try await bench.store.session(tokenHash: "session-\(name)", now: bench.now) != nil,
            try await bench.store.key(hash: "key-\(name)").map { $0.revoked == nil } ?? false,
        ]
    }

    static let identities = [
        StoreCheck("a sign-in is taken once, whole and in time") { store in
            let bench = StoreBench(store, seed: 95)
            try await store.addSignIn(signIn(bench, "a"))
            #expect(
                isConflict(
                    await storeError { () throws(StoreError) in try await store.addSignIn(signIn(bench, "a")) }
                )
            )
            let taken = try await together(Array(0..<10)) { _ in
                try await store.takeSignIn(stateHash: "state-a", now: bench.now + .seconds(59))
            }
            #expect(taken.compactMap { $0 } == [signIn(bench, "a")])
            try await store.addSignIn(signIn(bench, "b"))
            let late = try await store.takeSignIn(stateHash: "state-b", now: bench.now + .seconds(60))
            #expect(late == nil)
        },
        StoreCheck("an identity has one account, whoever asks at once") { store in
            var bench = StoreBench(store, seed: 96)
            let now = bench.now
            for email in ["a@b.test", nil] {
                let identity = ProvenIdentity(provider: "github", subject: "\(email ?? "-")", email: email)
                let others = (0..<8).map { user(&bench, email ?? "\($0)@none.invalid") }
                let found = try await together(others) { other in
                    try await store.identify(identity, orAdd: other, owner: nil, now: now)
                }
                #expect(Set(found.map(\.user.id)).count == 1)
                #expect(found.filter { $0.way == .added }.count == 1 && found.filter { $0.way == .known }.count == 7)
                let same = ProvenIdentity(provider: "google", subject: identity.subject, email: nil)
                let stranger = user(&bench, "\(email ?? "-").other@none.invalid")
                #expect(try await store.identify(same, orAdd: stranger, owner: nil, now: now).user.id == stranger.id)
            }
        },
        StoreCheck("an address that was proven leads to its account, and shuts out who made it without proof") {
            store in
            var bench = StoreBench(store, seed: 97)
            for (name, isOwner) in [("a", false), ("b", true)] {
                let email = "\(name)@b.test"
                let (local, stranger) = (user(&bench, email), user(&bench, email))
                try await store.addUser(local, passwordHash: "h")
                try await furnish(&bench, local.id, name)
                let owner = isOwner ? local.id : stranger.id
                let github = ProvenIdentity(provider: "github", subject: name, email: email)
                let found = try await store.identify(github, orAdd: stranger, owner: owner, now: bench.now)
                #expect(found.user.id == local.id && found.way == (isOwner ? .linked : .reclaimed))
                #expect(try await opens(bench, email, name) == Array(repeating: isOwner, count: 3))
                // From now on the address is known to be theirs.
                _ = try await store.setPassword("h2", of: local.id)
                try await furnish(&bench, local.id, name + "2")
                let google = ProvenIdentity(provider: "google", subject: name, email: email)
                #expect(try await store.identify(google, orAdd: stranger, owner: nil, now: bench.now).way == .linked)
                #expect(try await opens(bench, email, name + "2") == [true, true, true])
            }
        },
        StoreCheck("an account goes with all it had, its books stay, and the last administrator stays too") { store in
            var bench = StoreBench(store, seed: 98)
            let admins = [user(&bench, "x@y.test", isAdmin: true), user(&bench, "z@y.test", isAdmin: true)]
            for admin in admins { try await store.addUser(admin, passwordHash: "h") }
            let ends = try await together(admins) { try await store.removeUser($0.id) }
            #expect(Set(ends) == [.removed, .lastAdministrator])
            let leaver = UserRecord(id: bench.user, email: "l@y.test", isAdmin: false, created: bench.now)
            try await store.addUser(leaver, passwordHash: "h")
            try await furnish(&bench, leaver.id, "l")
            try await bench.give(100_000)
            let identity = ProvenIdentity(provider: "github", subject: "l", email: "l@y.test")
            _ = try await store.identify(identity, orAdd: leaver, owner: leaver.id, now: bench.now)
            try await store.addDeviceGrant(grant(bench, "a"))
            _ = try await store.decideDevice(userCode: "CODE-a", by: leaver.id, isApproved: true, now: bench.now)
            var trail = AuditEntry(
                id: bench.generator.id(),
                at: bench.now,
                actor: leaver.id,
                action: "user.signup",
                subject: leaver.id.text,
                detail: ["email": "l@y.test"]
            )
            try await store.audit(trail)
            var acceptance = bench.acceptance(bench.job(costs: [500]), holds: [1000])
            acceptance.webhook = WebhookTarget(id: bench.generator.id(), url: "https://l.test", secret: "s")
            let job = try await bench.accept(acceptance)
            #expect(try await store.removeUser(leaver.id) == .busy)
            #expect(try await opens(bench, "l@y.test", "l") == [true, true, true])
            var end = bench.end(job)
            end.job.images = [bench.generator.image(of: job, 0)]
            _ = try await store.finish(end)
            #expect(try await store.removeUser(leaver.id) == .removed)
            #expect(try await store.removeUser(leaver.id) == .unknown)
            #expect(try await opens(bench, "l@y.test", "l") == [false, false, false])
            let left = try await store.user(leaver.id)
            #expect(left == nil)
            let device = try await store.deviceGrant(codeHash: "hash-a")
            #expect(device == nil)
            var images = ImageQuery()
            (images.owner, images.publicOnly) = (leaver.id, false)
            #expect(try await store.imageCount(images) == 0)
            let kept = try #require(try await store.job(job.id))
            #expect(kept.request == [:] && kept.images.isEmpty)
            trail.detail = [:]
            #expect(try await store.auditTrail(after: nil, limit: 10).contains(trail))
            #expect(try await store.nextWebhook() == nil)
            // Whoever comes back is somebody new.
            let back = user(&bench, "l@y.test")
            #expect(try await store.identify(identity, orAdd: back, owner: nil, now: bench.now).way == .added)
            try await bench.expectCleanBooks()
        },
    ]
}
