import Orchestrator
import Testing

@testable import Persistence

/// What one request costs the disk: each commit is an fsync.
@Suite struct CommitCountTests {
    /// What a request brings along.
    struct Extras: OptionSet, CustomTestStringConvertible {
        let rawValue: Int
        static let credits = Extras(rawValue: 1)
        static let repeats = Extras(rawValue: 2)
        static let webhook = Extras(rawValue: 4)

        var testDescription: String {
            let names = [(Extras.credits, "credits"), (.repeats, "Idempotency-Key"), (.webhook, "webhook")]
            return names.filter { contains($0.0) }.map(\.1).joined(separator: ", ")
        }
    }

    /// Everything that one request has done at the store: let in, its picture delivered, ended.
    private func serve(_ extras: Extras, round: Int, _ bench: inout StoreBench) async throws {
        let key: KeyID = bench.generator.id()
        let job = bench.job(costs: [40], key: key)
        var acceptance = bench.acceptance(job, holds: extras.contains(.credits) ? [200] : [])
        acceptance.rates = ["ip:a", "key:\(key)", "global"].map {
            RateClaim(subject: $0, rate: Rate(count: 100, window: .seconds(60)))
        }
        acceptance.caps = [SpendCap(.all, limit: MicroUSD(micros: 1_000_000))]
        if extras.contains(.repeats) {
            acceptance.repeats = IdempotencyClaim(
                owner: bench.user,
                key: "key \(round)",
                fingerprint: "f",
                expires: bench.now + .seconds(60)
            )
        }
        if extras.contains(.webhook) {
            acceptance.webhook = WebhookTarget(id: bench.generator.id(), url: "https://example.org", secret: "s")
        }
        let accepted = try await bench.accept(acceptance)
        var end = bench.end(accepted, charge: extras.contains(.credits) ? 200 : 0)
        end.job.images = [bench.generator.image(of: accepted, 0)]
        end.inGallery = true
        #expect(try await bench.store.finish(end)?.status == .succeeded)
    }

    @Test(arguments: (0..<8).map(Extras.init(rawValue:)))
    func `a request alone is let in by one commit and ended by one`(extras: Extras) async throws {
        let directory = TemporaryDirectory()
        let store = try SQLiteStore(directory: directory.path)
        var bench = StoreBench(store, seed: 120)
        try await bench.give(10_000)
        for round in 1...3 {
            let before = store.commitCounts.commits
            try await serve(extras, round: round, &bench)
            #expect(store.commitCounts.commits == before + 2)
        }
        try await bench.expectCleanBooks()
        await store.close()
    }

    /// A table that lives as long as one statement runs costs SQLite more than all the rest of a small statement.
    @Test func `no statement on a request's way builds a table of its own`() async throws {
        let directory = TemporaryDirectory()
        let texts = Lock(Set<String>())
        let store = try SQLiteStore(directory: directory.path, options: SQLiteStore.Options()) { text in
            texts.withLock { _ = $0.insert(text) }
            return text
        }
        var bench = StoreBench(store, seed: 121)
        try await bench.give(10_000)
        texts.withLock { $0 = [] }
        for round in 1...2 { try await serve([.credits, .repeats, .webhook], round: round, &bench) }
        await store.close()
        let file = try Connection(path: directory.path + "/orchestrator.sqlite", access: .readOnly)
        let used = texts.withLock { $0 }
        #expect(used.count > 20)
        for text in used where !["BEGIN IMMEDIATE", "COMMIT"].contains(text) {
            let steps = try file.statement(composed: "EXPLAIN " + text).all { $0.text(1) }
            #expect(!steps.isEmpty && !steps.contains("OpenEphemeral"), "\(text)")
        }
    }
}
