import Orchestrator
import Testing

// MARK: - Usage

extension StoreCheck {
    /// A job of `owner` that was accepted at `created` and has ended a second later.
    private static func use(
        _ bench: inout StoreBench,
        owner: UserID,
        _ status: JobStatus,
        at created: Timestamp,
        cost: Int64 = 0,
        delivered: Int = 1,
        tokens: TokenUsage? = nil
    ) async throws {
        var job = bench.job(costs: [cost])
        (job.owner, job.created, job.operation) = (owner, created, .generate)
        job.id = JobID(time: created, random: (bench.generator.random.next(), bench.generator.random.next()))
        job = try await bench.accept(bench.acceptance(job))
        job.cost = status == .succeeded ? MicroUSD(micros: cost) : .zero
        job.answer.usage = tokens
        job.attempts[0].outcome = status == .succeeded ? .ok : .unavailable
        job.attempts[0].delivered = delivered
        var end = bench.end(job, status)
        end.job.finished = created + .seconds(1)
        _ = try await bench.store.finish(end)
    }

    static let usage = [
        StoreCheck("usage adds up requests, failures, pictures, cost, tokens and time of a window, by each group") {
            store in
            var bench = StoreBench(store, seed: 70)
            let (a, b) = (bench.user, bench.generator.id(UserID.self))
            let start = Day(number: bench.now.day.number).start
            let tokens = TokenUsage(textInput: 1, imageInput: 2, imageOutput: 300, textOutput: 4)
            try await use(&bench, owner: a, .succeeded, at: start, cost: 10, delivered: 2, tokens: tokens)
            try await use(&bench, owner: a, .succeeded, at: start + .seconds(86_399), cost: 5, tokens: tokens)
            try await use(&bench, owner: a, .failed, at: start + .seconds(86_400), cost: 7)
            try await use(&bench, owner: b, .canceled, at: start + .seconds(5))
            try await use(&bench, owner: b, .succeeded, at: start + .seconds(-1), cost: 100)
            try await use(&bench, owner: b, .succeeded, at: start + .seconds(200_000), cost: 100)
            func rows(_ group: UsageGroup, of owner: UserID? = nil) async throws -> [String] {
                let query = UsageQuery(of: owner, from: start, until: start + .seconds(200_000), by: group)
                return try await store.usage(query).map { row in
                    "\(row.group): \(row.requests) \(row.failed) \(row.ended) \(row.images) \(row.cost.micros) "
                        + "\(row.tokens.input) \(row.tokens.output) \(row.users) \(row.time.components.seconds)"
                }
            }
            let days = [start.day, Day(number: start.day.number + 1)]
            #expect(try await rows(.all) == [": 4 1 4 3 15 6 608 2 4"])
            #expect(try await rows(.all, of: b) == [": 1 0 1 0 0 0 0 1 1"])
            #expect(try await rows(.user) == ["\(a): 3 1 3 3 15 6 608 1 3", "\(b): 1 0 1 0 0 0 0 1 1"])
            #expect(try await rows(.operation, of: a) == ["generate: 3 1 3 3 15 6 608 1 3"])
            #expect(try await rows(.model, of: a) == ["openai/m: 3 1 3 3 15 6 608 1 3"])
            #expect(
                try await rows(.day, of: a) == [
                    "\(days[1]): 1 1 1 0 0 0 0 1 1", "\(days[0]): 2 0 2 3 15 6 608 1 2",
                ]
            )
            #expect(try await rows(.all, of: bench.generator.id()) == [": 0 0 0 0 0 0 0 0 0"])
        },
        StoreCheck("a vendor's mad counts of tokens do not break the sum") { store in
            var bench = StoreBench(store, seed: 71)
            let mad = TokenUsage(textInput: .max, imageInput: -5, imageOutput: 1, textOutput: 0)
            for _ in 0..<3 { try await use(&bench, owner: bench.user, .succeeded, at: bench.now, tokens: mad) }
            let query = UsageQuery(from: bench.now, until: bench.now + .seconds(1))
            let row = try #require(try await store.usage(query).first)
            #expect(row.tokens == TokenUsage(textInput: 3_000_000_000, imageInput: 0, imageOutput: 3, textOutput: 0))
        },
        StoreCheck("digests are unreferenced when no picture and no unfinished job's request names them") { store in
            var bench = StoreBench(store, seed: 72)
            func digest(_ digit: Character) -> String { String(repeating: digit, count: 64) }
            var shown = try await bench.accept(bench.acceptance(bench.job(costs: [1])))
            var image = bench.generator.image(of: shown, 0)
            image.digest = digest("a")
            image.original = OriginalFile(digest: digest("d"), format: .png)
            shown.images = [image]
            _ = try await store.finish(bench.end(shown))
            var waiting = bench.job()
            waiting.request["images"] = [["sha256": .string(digest("b"))]]
            waiting = try await bench.accept(bench.acceptance(waiting))
            let all = ["a", "b", "c", "d"].map { digest($0) }
            #expect(try await store.unreferenced(all) == [digest("c")])
            _ = try await store.finish(bench.end(waiting, .failed))
            _ = try await store.deleteImage(image.id)
            #expect(Set(try await store.unreferenced(all)) == Set(all))
            #expect(try await store.unreferenced([]).isEmpty)
        },
        StoreCheck("pictures past their time go, the oldest first, and so many at once") { store in
            var bench = StoreBench(store, seed: 73)
            var digests: [String] = []
            for age in [40, 30, 20, 10] {
                var job = try await bench.accept(bench.acceptance(bench.job(costs: [1])))
                var image = bench.generator.image(of: job, 0)
                image.created = bench.now + .seconds(-age)
                image.id = ImageID(time: image.created, random: (UInt64(age), 1))
                image.digest = String(repeating: String(age / 10), count: 64)
                image.isPublic = true
                digests.append(image.digest)
                job.images = [image]
                _ = try await store.finish(bench.end(job))
            }
            let limit = bench.now + .seconds(-15)
            #expect(try await store.deleteImages(createdBefore: limit, limit: 2).sorted() == [digests[1], digests[0]])
            #expect(try await store.deleteImages(createdBefore: limit, limit: 2) == [digests[2]])
            #expect(try await store.deleteImages(createdBefore: limit, limit: 2).isEmpty)
            #expect(try await store.images(ImageQuery()).map(\.image.digest) == [digests[3]])
        },
    ]
}
