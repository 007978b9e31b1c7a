import FakeVendors
import Foundation
import Orchestrator
import Randomness
import Testing

/// The daemon is killed again and again under mixed load; in the end the books must balance.
///
/// `ORCHESTRATOR_KILLS` sets how often (300 by default), `ORCHESTRATOR_LOAD` which load.
@Suite(.serialized, .timeLimit(.minutes(60))) struct SurvivalTests {
    private static func setting(_ name: String, else usual: Int) -> Int {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? usual
    }

    private static let clients = 6
    /// Kills after which all is brought to rest and the books are checked.
    private static let stage = 50

    static func official(_ registry: inout RegistryText) {
        registry.server.append("mode: official")
        registry.limits.append("queue: 1000")
        registry.extra += ["billing: {pricing: flat, flat: {low: 1, medium: 4, high: 16}, daily_free: 0}"]
        registry["openai"].timeout = "5s"
        registry["openai"].extra.append("max_in_flight: 3")
    }

    @Test func `nothing is lost or charged twice when the process is killed at any moment`() async throws {
        let seed = UInt64(Self.setting("ORCHESTRATOR_LOAD", else: Int.random(in: 1...1_000_000)))
        var kills = Self.setting("ORCHESTRATOR_KILLS", else: 300)
        var random = SeededRandom(seed: seed)
        while kills > 0 {
            let now = min(kills, Self.stage)
            kills -= now
            try await Self.play(kills: now, seed: random.next())
        }
    }

    private static func play(kills: Int, seed: UInt64) async throws {
        print("\(kills) kills, seed \(seed)")
        try await Scene.play(official) { scene in
            var random = SeededRandom(seed: seed)
            var customers: [Shopper] = []
            for number in 0..<3 {
                let customer = try await Customer(scene, "shopper\(number)", credits: 100_000)
                customers.append(Shopper(key: customer.key, granted: 100_000))
            }
            let load = MixedLoad(customers: customers)
            for _ in 0..<kills {
                script(scene.farm, &random)
                await load.run(
                    on: scene.daemon,
                    clients: clients,
                    until: Int.random(in: 1...12, using: &random),
                    &random
                )
                try await scene.daemon.restart(isKilled: true)
            }
            scene.farm.vendors.forEach { $0.script(then: .ok) }
            try await load.finish(on: scene.daemon)
            let books = Books(farm: scene.farm, daemon: scene.daemon, customers: customers)
            try await books.settle()
            try await books.check(load.orders)
            print("\(load.orders.count) orders, \(scene.farm.creates.count) calls at vendors")
            await scene.daemon.stop()
            let verdict = try await DaemonProcess.command(
                [
                    "verify-ledger", "--config", scene.daemon.configurationPath,
                    "--data-dir", scene.daemon.dataDirectory.path,
                ],
                environment: scene.farm.environment
            )
            #expect(verdict.status == 0, "seed \(seed): \(verdict.output)")
        }
    }

    /// Vendors that fail now and then, in every way that matters to money.
    private static func script(_ farm: VendorFarm, _ random: inout SeededRandom) {
        for vendor in farm.vendors {
            let troubles: [Step] =
                vendor.documentedFailures.filter { $0 != .badRequest }.map { .fail($0) }
                + [.closeBeforeHead, .cutBody, .noise, .html()]
            var steps: [Step] = []
            for _ in 0..<20 {
                var step = Step.ok
                if random.happens(20) { step = troubles[Int.random(in: troubles.indices, using: &random)] }
                if vendor is FakeReplicate {
                    step = step.with(\.startingPolls, Int.random(in: 0...3, using: &random))
                        .with(\.processingPolls, Int.random(in: 0...3, using: &random))
                }
                steps.append(step)
            }
            vendor.books.script(steps, then: .ok)
        }
    }
}

/// Customers who order until the daemon dies, and ask again for what they had no answer to.
final class MixedLoad: Sendable {
    private struct State {
        var orders: [Order] = []
        /// Sent, and not answered yet.
        var open: [Order] = []
        var replies = 0
    }

    private let customers: [Shopper]
    private let state = Watched(State())

    init(customers: [Shopper]) {
        self.customers = customers
    }

    var orders: [Order] { state.value.orders }

    /// Keeps `clients` busy until so many answers have come, then kills the daemon, a little later or at once.
    func run(on daemon: DaemonProcess, clients: Int, until replies: Int, _ random: inout SeededRandom) async {
        let goal = state.value.replies + replies
        var generators = (0..<clients).map { _ in SeededRandom(seed: random.next()) }
        let delay = Int.random(in: 0...12, using: &random)
        await withTaskGroup(of: Void.self) { group in
            for index in generators.indices {
                let generator = generators[index]
                group.addTask {
                    var generator = generator
                    while await self.order(from: daemon, &generator) {}
                }
            }
            generators = []
            await state.until { $0.replies >= goal }
            // A moment that is no answer's: as long as some requests take that have nothing to do with the load.
            for _ in 0..<delay { _ = try? await daemon.client(key: nil).get("/health/live") }
            daemon.kill()
            await group.waitForAll()
        }
    }

    /// Asks for everything again that has no answer yet, until it has one.
    func finish(on daemon: DaemonProcess) async throws {
        while let order = state.change({ $0.open.popLast() }) {
            await settle(order, on: daemon)
        }
    }

    /// One order, new or once more; false when the daemon is gone.
    private func order(from daemon: DaemonProcess, _ random: inout SeededRandom) async -> Bool {
        let isRepeat = random.happens(30)
        var generator = random
        let order = state.change { state in
            if isRepeat, let order = state.open.popLast() { return order }
            let order = Order.random(state.orders.count, customers: customers.count, &generator)
            state.orders.append(order)
            return order
        }
        random = generator
        return await settle(order, on: daemon)
    }

    @discardableResult
    private func settle(_ order: Order, on daemon: DaemonProcess) async -> Bool {
        let client = daemon.client(key: customers[order.customer].key)
        guard let reply = await order.send(client) else {
            state.change { $0.open.append(order) }
            return false
        }
        let isSettled = [200, 202, 400, 429, 502, 504].contains(reply.status) && reply.header("x-job-id") != nil
        if !isSettled {
            // 409 while another life's job is still under way, 503 while it starts: neither is an answer to the order.
            if ![409, 503].contains(reply.status) { Issue.record("\(order.tag): \(reply.status) \(reply.text)") }
            state.change { $0.open.append(order) }
        } else if order.isCancelled, reply.status == 202, let job = reply.header("x-job-id") {
            guard (try? await client.send("POST", "/v1/jobs/\(job)/cancel")) != nil else { return false }
        }
        state.change { $0.replies += 1 }
        return true
    }
}
