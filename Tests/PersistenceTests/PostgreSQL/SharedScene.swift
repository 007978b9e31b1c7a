import Orchestrator
import Testing

@testable import Persistence

/// Clients that do everything that moves money, at one store or another.
struct SharedScene: Sendable {
    private let stores: [PostgresStore]

    init(_ stores: [PostgresStore]) { self.stores = stores }

    private func bench(_ client: Int) -> StoreBench {
        var bench = StoreBench(stores[client % stores.count], seed: 400 + client)
        // Four clients share a user.
        bench.user = UserID(trusted: "usr_\(client % 16)")
        return bench
    }

    private func store(_ number: Int) -> PostgresStore { stores[number % stores.count] }

    /// Gives credits, and lets jobs in, works on them and ends them, in every way; how many operations that were.
    func work(_ client: Int, rounds: Int) async throws -> Int {
        var bench = bench(client)
        var operations = 0
        for round in 0..<rounds {
            let amount = round % 5 == 4 ? -50 : 500 as Int64
            _ = try await store(client + round).transfer(bench.transfer("t:\(client):\(round)", amount))
            var job = bench.job(costs: round % 3 == 0 ? [] : [7], provider: "p\(round % 3)")
            job.key = round % 2 == 0 ? KeyID(trusted: "key_\(client % 8)") : nil
            var acceptance = bench.acceptance(job, holds: [300, 200, 100], freePerDay: 5)
            acceptance.rates = [
                RateClaim(subject: "global", rate: Rate(count: 1_000_000, window: .seconds(60))),
                RateClaim(subject: "key:\(client % 8)", rate: Rate(count: 1_000_000, window: .seconds(60))),
            ]
            acceptance.caps = [SpendCap(.all, limit: MicroUSD(micros: 1_000_000_000))]
            operations += 2
            guard case .accepted(let accepted, _) = try await store(round).accept(acceptance) else { continue }
            let lease = JobLease.first(of: accepted.id)
            var attempt = bench.attempt(2, cost: 11, provider: "p\(client % 3)")
            let admission = try await store(round + 1).begin(attempt, of: lease, caps: acceptance.caps)
            #expect(admission == .begun)
            attempt.cost = MicroUSD(micros: 9)
            #expect(try await store(round).update(attempt, of: lease))
            let status: JobStatus = [.succeeded, .succeeded, .failed, .canceled][round % 4]
            var ended = accepted
            ended.attempts = [attempt]
            let charge: Int64 = status == .succeeded ? 100 * Int64(round % 3) : 0
            let end = bench.end(ended, status, charge: charge, freeUsed: round % 3, lease: lease)
            let recorded = try await store(client).finish(end)
            #expect(recorded != nil)
            operations += 3
        }
        return operations
    }

    /// What a client knows when the server went away in the middle.
    struct Tally: Sendable {
        var ended: [JobID] = []
        var failures = 0

        mutating func add(_ other: Tally) {
            ended += other.ended
            failures += other.failures
        }
    }

    /// Lets jobs in and charges them, each step again until it is answered, as a daemon does.
    func persist(_ client: Int, rounds: Int) async -> Tally {
        var bench = bench(client)
        var tally = Tally()
        for round in 0..<rounds {
            let store = store(client)
            let grant = bench.transfer("t:\(client):\(round)", 500)
            guard await insist(&tally, { () async throws(StoreError) in try await store.transfer(grant) }) != nil else {
                continue
            }
            let acceptance = bench.acceptance(bench.job(costs: [7]), holds: [300])
            let outcome: AcceptanceOutcome
            do throws(StoreError) {
                outcome = try await store.accept(acceptance)
            } catch {
                // Its caller was told so; whether the job is there is for the next daemon to see.
                tally.failures += 1
                continue
            }
            guard case .accepted(let job, _) = outcome else { continue }
            let end = bench.end(job, charge: 100)
            let ended = await insist(&tally) { () async throws(StoreError) in try await store.finish(end) }
            if case .some(.some) = ended { tally.ended.append(job.id) } else { Issue.record("an end was lost") }
        }
        return tally
    }

    /// Asks until there is an answer, for a minute.
    private func insist<Value>(
        _ tally: inout Tally,
        _ operation: () async throws(StoreError) -> Value
    ) async -> Value? {
        let limit = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < limit {
            do throws(StoreError) {
                return try await operation()
            } catch {
                tally.failures += 1
                guard case .unavailable = error else {
                    Issue.record("\(error)")
                    return nil
                }
            }
        }
        return nil
    }
}
