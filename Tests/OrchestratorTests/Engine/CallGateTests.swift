import Randomness
import Testing

@testable import Orchestrator

@Suite struct FairQueueTests {
    private func drained(_ queue: FairQueue<String, String>) -> [String] {
        var queue = queue
        var order: [String] = []
        while let element = queue.popFirst() { order.append(element) }
        return order
    }

    @Test func `owners take turns, each in the order of its own`() {
        var queue = FairQueue<String, String>()
        for element in ["a1", "a2", "a3", "b1", "c1", "b2"] { queue.append(element, for: String(element.prefix(1))) }
        #expect(queue.count == 6)
        #expect(drained(queue) == ["a1", "b1", "c1", "a2", "b2", "a3"])
    }

    @Test func `an owner who leaves and comes back stands at the end`() {
        var queue = FairQueue<String, String>()
        queue.append("a1", for: "a")
        queue.append("b1", for: "b")
        #expect(queue.remove(for: "a") { $0 == "a1" } == "a1")
        #expect(queue.remove(for: "a") { _ in true } == nil)
        queue.append("a2", for: "a")
        #expect(drained(queue) == ["b1", "a2"])
    }

    @Test func `whatever comes and goes, nothing is lost, doubled, or overtaken within its owner`() {
        var random = SeededRandom(seed: 51)
        var queue = FairQueue<Int, Int>()
        var lines: [Int: [Int]] = [:]
        for element in 0..<20_000 {
            let owner = Int.random(in: 0..<5, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0, 1:
                queue.append(element, for: owner)
                lines[owner, default: []].append(element)
            case 2:
                guard let victim = lines[owner]?.randomElement(using: &random) else { continue }
                #expect(queue.remove(for: owner) { $0 == victim } == victim)
                lines[owner]?.removeAll { $0 == victim }
            default:
                let waiting = lines.values.reduce(0) { $0 + $1.count }
                guard let next = queue.popFirst() else {
                    #expect(waiting == 0)
                    continue
                }
                let from = lines.first { $0.value.first == next }
                #expect(from != nil)
                if let from { lines[from.key]?.removeFirst() }
            }
            #expect(queue.count == lines.values.reduce(0) { $0 + $1.count })
        }
    }
}

@Suite struct CallGateTests {
    private let alice = UserID(trusted: "usr_a")
    private let bob = UserID(trusted: "usr_b")

    @Test func `no more are in than the limit, and everybody gets in`() async {
        let gate = CallGate(limit: 3)
        let most = Watched(0)
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let isIn = await gate.enter(UserID(trusted: "usr_\(number % 7)"))
                    let inFlight = gate.inFlight
                    most.update { $0 = max($0, inFlight) }
                    await Task.yield()
                    gate.leave()
                    return isIn
                }
            }
            for await isIn in group { #expect(isIn) }
        }
        #expect(most.value <= 3 && gate.inFlight == 0)
    }

    /// Starts a task that waits at the gate and notes when it is in; returns once it stands in the queue.
    private func line(
        up name: String,
        at gate: CallGate,
        for owner: UserID,
        _ order: Watched<[String]>,
        after waiting: Int
    )
        async -> Task<Bool, Never>
    {
        let task = Task {
            let isIn = await gate.enter(owner)
            if isIn { order.update { $0.append(name) } }
            return isIn
        }
        while gate.waiting < waiting { await Task.yield() }
        return task
    }

    @Test func `a newcomer goes before the second call of somebody who waits already`() async {
        let gate = CallGate(limit: 1)
        _ = await gate.enter(alice)
        let order = Watched<[String]>([])
        var tasks: [Task<Bool, Never>] = []
        tasks.append(await line(up: "a1", at: gate, for: alice, order, after: 1))
        tasks.append(await line(up: "a2", at: gate, for: alice, order, after: 2))
        tasks.append(await line(up: "b1", at: gate, for: bob, order, after: 3))
        for count in 1...3 {
            gate.leave()
            await order.wait { $0.count == count }
        }
        #expect(order.value == ["a1", "b1", "a2"])
        gate.leave()
        #expect(gate.inFlight == 0)
    }

    @Test func `who is cancelled leaves the queue and takes no place`() async {
        let gate = CallGate(limit: 1)
        _ = await gate.enter(alice)
        let order = Watched<[String]>([])
        let waiting = await line(up: "a", at: gate, for: alice, order, after: 1)
        let next = await line(up: "b", at: gate, for: bob, order, after: 2)
        waiting.cancel()
        #expect(await waiting.value == false)
        gate.leave()
        #expect(await next.value)
        gate.leave()
        #expect(gate.inFlight == 0 && gate.waiting == 0)
    }

    @Test func `a higher limit lets in at once who waits, a lower one lets the calls in flight end`() async {
        let gate = CallGate(limit: 1)
        _ = await gate.enter(alice)
        let order = Watched<[String]>([])
        let first = await line(up: "a", at: gate, for: alice, order, after: 1)
        let second = await line(up: "b", at: gate, for: bob, order, after: 2)
        gate.setLimit(3)
        #expect(await first.value)
        #expect(await second.value)
        #expect(gate.inFlight == 3)
        gate.setLimit(1)
        let third = await line(up: "c", at: gate, for: bob, order, after: 1)
        gate.leave()
        gate.leave()
        #expect(gate.inFlight == 1 && gate.waiting == 1)
        gate.leave()
        #expect(await third.value)
        gate.leave()
        #expect(gate.inFlight == 0)
    }

    @Test func `nobody waits past the deadline`() async {
        let time = ManualTime(stands: true)
        let gate = CallGate(limit: 1)
        _ = await gate.enter(alice)
        let late = Task { await gate.enter(bob, until: .seconds(5), time) }
        await time.pauses.wait { $0 == [.seconds(5)] }
        time.advance(by: .seconds(5))
        #expect(await late.value == false)
        #expect(gate.waiting == 0 && gate.inFlight == 1)
        #expect(await gate.enter(bob, until: .seconds(5), time) == false)
        gate.leave()
        #expect(await gate.enter(bob, until: .seconds(6), time))
    }

    @Test func `cancelling in the middle of a crowd loses no place`() async {
        let gate = CallGate(limit: 2)
        var random = SeededRandom(seed: 52)
        for _ in 0..<100 {
            let tasks = (0..<12).map { number in
                Task {
                    guard await gate.enter(UserID(trusted: "usr_\(number % 3)")) else { return }
                    await Task.yield()
                    gate.leave()
                }
            }
            for task in tasks where Bool.random(using: &random) { task.cancel() }
            for task in tasks { await task.value }
            #expect(gate.inFlight == 0 && gate.waiting == 0)
        }
    }
}
