import Orchestrator
import Synchronization
import Testing

@testable import Imaging

@Suite(.timeLimit(.minutes(1))) struct ImagingPoolTests {
    /// Holds work up, busily, until it is opened.
    private final class Gate: Sendable {
        private let isOpen = Atomic(false)
        private let entered = Atomic(false)

        var hasWork: Bool { entered.load(ordering: .acquiring) }

        func open() { isOpen.store(true, ordering: .releasing) }
        func pass() {
            entered.store(true, ordering: .releasing)
            while !isOpen.load(ordering: .acquiring) {}
        }
    }

    @Test func `work beyond the bound is refused, work within it is done`() async throws {
        let pool = ImagingPool(threads: 1, maxWaiting: 2)
        let gate = Gate()
        try await withThrowingTaskGroup(of: Int.self) { group in
            group.addTask {
                try await pool.run {
                    gate.pass()
                    return 0
                }
            }
            while !gate.hasWork { await Task.yield() }
            for index in 1...2 { group.addTask { try await pool.run { index } } }
            while pool.waitingCount < 2 { await Task.yield() }
            let error = await #expect(throws: ImagingError.self) { try await pool.run { 3 } }
            #expect(error?.kind == .busy)
            gate.open()
            let done = try await group.reduce(into: Set<Int>()) { $0.insert($1) }
            #expect(done == [0, 1, 2])
        }
        #expect(pool.waitingCount == 0)
    }

    @Test func `no more than the given threads work at once`() async throws {
        let pool = ImagingPool(threads: 2, maxWaiting: 100)
        let running = Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await pool.run {
                        running.enter()
                        running.leave()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect((1...2).contains(running.most))
    }

    @Test func `cancelled work that waits is taken back and never runs`() async throws {
        let pool = ImagingPool(threads: 1, maxWaiting: 4)
        let gate = Gate()
        let running = Counter()
        let blocker = Task { try await pool.run { gate.pass() } }
        while !gate.hasWork { await Task.yield() }
        let waiting = Task { try await pool.run { running.enter() } }
        while pool.waitingCount < 1 { await Task.yield() }
        waiting.cancel()
        let error = await #expect(throws: ImagingError.self) { try await waiting.value }
        #expect(error?.kind == .cancelled)
        #expect(pool.waitingCount == 0)
        gate.open()
        try await blocker.value
        #expect(running.most == 0)
    }

    @Test func `work of a task that was cancelled before does not run`() async throws {
        let pool = ImagingPool(threads: 1, maxWaiting: 4)
        let gate = Gate()
        let blocker = Task { try await pool.run { gate.pass() } }
        while !gate.hasWork { await Task.yield() }
        let late = Task {
            while !Task.isCancelled { await Task.yield() }
            try await pool.run {}
        }
        late.cancel()
        let error = await #expect(throws: ImagingError.self) { try await late.value }
        #expect(error?.kind == .cancelled)
        gate.open()
        try await blocker.value
    }

    /// How many are inside at once, at most.
    private final class Counter: Sendable {
        private let state = Mutex((now: 0, most: 0))

        var most: Int { state.withLock { $0.most } }

        func enter() {
            state.withLock {
                $0.now += 1
                $0.most = max($0.most, $0.now)
            }
        }
        func leave() { state.withLock { $0.now -= 1 } }
    }
}
