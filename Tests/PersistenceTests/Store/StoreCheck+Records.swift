import Orchestrator
import Testing

// MARK: - Pictures

extension StoreCheck {
    /// Jobs with pictures, and the pictures newest first.
    private static func fill(_ store: any Store, seed: Int, jobs count: Int) async throws -> [(JobRecord, ImageRecord)]
    {
        var generator = JobGenerator(seed: seed)
        let owners = [generator.id(UserID.self), generator.id(UserID.self)]
        var pictures: [(JobRecord, ImageRecord)] = []
        for number in 0..<count {
            var job = generator.job(owner: owners[number % 2])
            job.request["prompt"] = .string("prompt \(number)")
            job.request["metadata"] = number % 3 == 0 ? ["n": .number(JSONNumber(Int64(number)))] : nil
            job.request["user"] = number % 2 == 0 ? .string("user \(number)") : nil
            for index in job.images.indices { job.images[index].digest = "digest-\(number)-\(index)" }
            try await store.accept(job)
            pictures += job.images.map { (job, $0) }
        }
        return pictures.sorted { $0.1.id > $1.1.id }
    }

    static let pictures = [
        StoreCheck("a picture comes with what its job says of it") { store in
            for (job, image) in try await fill(store, seed: 11, jobs: 20) {
                let found = try #require(try await store.image(image.id))
                #expect(String(reflecting: found.image) == String(reflecting: image))
                #expect(found.prompt == job.request["prompt"]?.string)
                #expect(found.metadata == job.request["metadata"] && found.user == job.request["user"]?.string)
                #expect(found.operation == job.operation)
            }
            let none = try await store.image(ImageID(trusted: "img_none"))
            #expect(none == nil)
        },
        StoreCheck("a list of pictures obeys owner, visibility, cursor and offset, and is counted") { store in
            let pictures = try await fill(store, seed: 12, jobs: 60)
            let owner = pictures[0].1.owner
            for owner in [nil, owner] {
                for publicOnly in [true, false] {
                    let expected = pictures.map(\.1).filter {
                        (owner == nil || $0.owner == owner) && (!publicOnly || $0.isPublic)
                    }
                    var query = ImageQuery()
                    (query.owner, query.publicOnly, query.limit) = (owner, publicOnly, 100)
                    #expect(try await store.images(query).map(\.image.id) == expected.prefix(100).map(\.id))
                    (query.offset, query.limit) = (3, 5)
                    #expect(try await store.images(query).map(\.image.id) == expected.dropFirst(3).prefix(5).map(\.id))
                    (query.offset, query.after) = (0, expected[6].id)
                    #expect(try await store.images(query).map(\.image.id) == expected.dropFirst(7).prefix(5).map(\.id))
                    #expect(try await store.imageCount(query) == expected.count)
                }
            }
        },
        StoreCheck("visibility changes, and says whether there was a picture") { store in
            let image = try #require(try await fill(store, seed: 13, jobs: 10).first?.1)
            for isPublic in [true, false, true] {
                #expect(try await store.setVisibility(image.id, isPublic: isPublic))
                #expect(try await store.image(image.id)?.image.isPublic == isPublic)
            }
            #expect(try await !store.setVisibility(ImageID(trusted: "img_none"), isPublic: true))
        },
        StoreCheck("removing a picture says whether another has the same bytes") { store in
            var generator = JobGenerator(seed: 14)
            var job = generator.job(status: .succeeded)
            job.images = (0..<3).map { generator.image(of: job, $0) }
            job.images[2].digest = "another"
            try await store.accept(job)
            #expect(try await store.deleteImage(job.images[0].id))
            #expect(try await !store.deleteImage(job.images[1].id))
            #expect(try await !store.deleteImage(job.images[2].id))
            #expect(try await store.job(job.id)?.images.isEmpty == true)
            #expect(try await store.deleteImage(job.images[2].id), "its bytes are not the second caller's to remove")
        },
    ]
}

// MARK: - Users and keys

extension StoreCheck {
    static let accounts = [
        StoreCheck("a user is made once, whatever the race") { store in
            var generator = JobGenerator(seed: 15)
            let ids = (0..<20).map { _ in generator.id(UserID.self) }
            let now = generator.now
            let users = try await withThrowingTaskGroup(of: UserRecord.self) { group in
                for id in ids {
                    group.addTask { try await store.ensureUser(email: "a@b.c", isAdmin: true, now: now, id: id) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let user = try #require(users.first)
            #expect(Set(users.map(\.id)).count == 1)
            let found = try #require(try await store.user(user.id))
            #expect((found.email, found.isAdmin, found.created) == ("a@b.c", true, now))
            let none = try await store.user(UserID(trusted: "usr_none"))
            #expect(none == nil)
        },
        StoreCheck("a key is found by its hash, exactly as it was added") { store in
            var generator = JobGenerator(seed: 16)
            let owner = generator.id(UserID.self)
            var keys: [KeyRecord] = []
            for _ in 0..<50 {
                let key = generator.key(owner: owner)
                try await store.addKey(key)
                #expect(try await String(reflecting: store.key(hash: key.hash)) == String(reflecting: Optional(key)))
                keys.insert(key, at: 0)
            }
            #expect(try await store.keys(of: owner).map(\.id) == keys.map(\.id))
            let none = try await store.key(hash: "none")
            #expect(none == nil)
            var again = generator.key(owner: owner)
            again.hash = keys[0].hash
            try await store.addKey(again)
            #expect(try await store.key(hash: again.hash)?.id == keys[0].id)
        },
        StoreCheck("a key is revoked once, by its owner") { store in
            var generator = JobGenerator(seed: 17)
            let (owner, stranger) = (generator.id(UserID.self), generator.id(UserID.self))
            let key = generator.key(owner: owner)
            try await store.addKey(key)
            let now = generator.now
            #expect(try await !store.revokeKey(key.id, owner: stranger, now: now))
            #expect(try await store.revokeKey(key.id, owner: owner, now: now))
            #expect(try await !store.revokeKey(key.id, owner: owner, now: now + .seconds(1)))
            #expect(try await store.key(hash: key.hash)?.revoked == now)
        },
    ]

    static let spending = [
        StoreCheck("spend is summed per group, unresolved attempts apart") { store in
            var generator = JobGenerator(seed: 18)
            var attempts: [(JobRecord, AttemptRecord)] = []
            for _ in 0..<150 {
                var job = generator.job()
                for index in job.attempts.indices {
                    job.attempts[index].started.milliseconds += Int64(index) * 40_000_000
                }
                try await store.accept(job)
                attempts += job.attempts.map { (job, $0) }
            }
            let times = attempts.map(\.1.started).sorted()
            let (since, until) = (times[times.count / 4], times[times.count / 2])
            for columns in [[], [.provider], [.key, .provider], [.day, .tier], SpendColumn.allCases] as [[SpendColumn]]
            {
                for until in [until, nil] {
                    let within = attempts.filter {
                        $0.1.started >= since && (until == nil || $0.1.started < until ?? since)
                    }
                    let groups = Dictionary(grouping: within) { job, attempt in columns.map { $0.value(job, attempt) } }
                    let rows = try await store.spend(since: since, until: until, by: columns)
                    #expect(Set(rows.map(\.group)) == Set(groups.keys))
                    for row in rows {
                        let expected = groups[row.group] ?? []
                        let open = expected.filter { $0.1.outcome == nil || $0.1.outcome == .unknown }
                        #expect(row.requests == expected.count)
                        #expect(row.images == expected.reduce(0) { $0 + $1.1.delivered })
                        #expect(row.unresolved == open.reduce(.zero) { $0 + $1.1.cost })
                        #expect(row.cost + row.unresolved == expected.reduce(.zero) { $0 + $1.1.cost })
                    }
                    let made = within.filter { $0.1.reckoning != nil }
                    let drifts = try await store.drift(since: since, until: until, by: columns)
                    #expect(
                        Set(drifts)
                            == Set(
                                Dictionary(grouping: made) { job, attempt in columns.map { $0.value(job, attempt) } }
                                    .map { DriftRow(group: $0, of: $1.map(\.1)) }
                            )
                    )
                }
            }
        }
    ]
}

extension SpendColumn {
    fileprivate func value(_ job: JobRecord, _ attempt: AttemptRecord) -> String {
        switch self {
        case .provider: attempt.provider
        case .model: attempt.model
        case .tier: attempt.tier.rawValue
        case .key: job.key?.text ?? ""
        case .day: attempt.started.day.description
        }
    }
}

extension DriftRow {
    fileprivate init(group: [String], of attempts: [AttemptRecord]) {
        let bills = attempts.compactMap(\.reckoning)
        self.init(
            group: group,
            attempts: attempts.count,
            images: attempts.reduce(0) { $0 + $1.delivered },
            quoted: bills.reduce(.zero) { $0 + $1.quoted },
            billed: bills.reduce(.zero) { $0 + $1.billed },
            mostOver: bills.map { $0.billed - $0.quoted }.max() ?? .zero,
            mostUnder: bills.map { $0.quoted - $0.billed }.max() ?? .zero
        )
    }
}
