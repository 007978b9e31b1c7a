import Orchestrator
import Dispatch
import Glibc
import Synchronization
import Testing

@testable import Transport

/// Runs `body` with a started loop and stops it afterwards.
func withLoop<Value: Sendable>(_ body: @Sendable (EventLoop) async throws -> Value) async throws -> Value {
    let loop = try EventLoop(name: "test")
    loop.start()
    defer { loop.stop() }
    return try await body(loop)
}

/// A value that any thread may read and replace.
final class Box<Value: Sendable>: Sendable {
    private let storage: Lock<Value>
    init(_ value: Value) { storage = Lock(value) }
    var value: Value {
        get { storage.withLock { $0 } }
        set { storage.withLock { $0 = newValue } }
    }
}

/// A count that any thread may raise.
final class Counter: Sendable {
    private let count = Atomic(0)
    var value: Int { count.load(ordering: .sequentiallyConsistent) }
    func increment() { count.add(1, ordering: .sequentiallyConsistent) }
}

extension EventLoop {
    /// Runs `body` on the loop's thread and returns what it answers.
    func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            execute { continuation.resume(returning: body()) }
        }
    }
}

@Suite struct EventLoopTests {
    @Test func `a task that prefers the loop stays on its thread across suspensions`() async throws {
        let places = try await withLoop { loop in
            await Task(executorPreference: loop) {
                var places = [loop.isCurrent]
                await Task.yield()
                places.append(loop.isCurrent)
                try? await loop.sleep(for: .milliseconds(1))
                places.append(loop.isCurrent && EventLoop.current === loop)
                return places
            }.value
        }
        #expect(places == [true, true, true])
        #expect(EventLoop.current == nil)
    }

    @Test func `timers fire in the order of their deadlines and not once cancelled`() async throws {
        let order = try await withLoop { loop in
            await withCheckedContinuation { (continuation: CheckedContinuation<[Int], Never>) in
                loop.execute {
                    nonisolated(unsafe) var fired: [Int] = []  // touched by the loop's thread only
                    // So far apart that the order does not depend on how long the calls take.
                    for delay in [5, 1, 3, 2, 4] {
                        loop.schedule(after: .milliseconds(delay * 10)) { unsafe fired.append(delay) }
                    }
                    loop.cancel(loop.schedule(after: .milliseconds(20)) { unsafe fired.append(99) })
                    loop.schedule(after: .milliseconds(60)) { unsafe continuation.resume(returning: fired) }
                }
            }
        }
        #expect(order == [1, 2, 3, 4, 5])
    }

    @Test func `every job that many threads hand over runs once`() async throws {
        let count = Counter()
        try await withLoop { loop in
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<2000 {
                    group.addTask {
                        await loop.run { count.increment() }
                    }
                }
            }
        }
        #expect(count.value == 2000)
    }

    @Test func `a cancelled sleeper wakes at once and throws`() async throws {
        try await withLoop { loop in
            let task = Task { try await loop.sleep(for: .seconds(600)) }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }

    @Test func `stopping the loop wakes its sleepers`() async throws {
        let loop = try EventLoop(name: "test")
        loop.start()
        let task = Task(executorPreference: loop) { try await loop.sleep(for: .seconds(600)) }
        await loop.run {}
        loop.stop()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func `an event of an earlier owner of a descriptor is not delivered to the next one`() async throws {
        final class Source: EventSource {
            let action: (Int32, EventMask) -> Void
            init(_ action: @escaping (Int32, EventMask) -> Void) { self.action = action }
            func ready(_ descriptor: Int32, _ events: EventMask) { action(descriptor, events) }
        }
        let stale = try await withLoop { loop in
            await withCheckedContinuation { (continuation: CheckedContinuation<Int, Never>) in
                loop.execute {
                    // Two readable pipes arrive in one batch; the first one handled replaces the other's owner.
                    nonisolated(unsafe) var stale = 0  // touched by the loop's thread only
                    nonisolated(unsafe) var handled = false  // touched by the loop's thread only
                    var ends: [[Int32]] = [[0, 0], [0, 0]]
                    for index in 0..<2 { unsafe _ = pipe(&ends[index]) }
                    let readers = [ends[0][0], ends[1][0]]
                    for reader in readers {
                        loop.register(
                            reader,
                            events: .readable,
                            source: Source { descriptor, _ in
                                if unsafe handled { return unsafe stale += 1 }
                                unsafe handled = true
                                let other = readers[0] == descriptor ? readers[1] : readers[0]
                                loop.unregister(other)
                                loop.register(
                                    other,
                                    events: [.readable, .edgeTriggered],
                                    source: Source { _, _ in
                                        continuation.resume(returning: unsafe stale)
                                        loop.unregister(other)
                                    }
                                )
                                loop.unregister(descriptor)
                            }
                        )
                    }
                    for index in 0..<2 { unsafe _ = write(ends[index][1], "x", 1) }
                }
            }
        }
        #expect(stale == 0)
    }

    @Test func `the timer queue agrees with a sorted list`() {
        var generator = SystemRandomNumberGenerator()
        var queue = TimerQueue()
        var expected: [(UInt64, TimerToken)] = []
        for _ in 0..<2000 {
            let deadline = UInt64.random(in: 1...500, using: &generator)
            expected.append((deadline, queue.add(deadline: deadline) {}))
            if Bool.random(using: &generator), let victim = expected.indices.randomElement(using: &generator) {
                let outcomes = [queue.cancel(expected[victim].1), queue.cancel(expected[victim].1)]
                #expect(outcomes == [true, false])
                expected.remove(at: victim)
            }
        }
        for deadline in expected.map(\.0).sorted() {
            #expect(queue.next == deadline)
            let early = queue.takeDue(now: deadline - 1)
            let due = queue.takeDue(now: deadline)
            #expect(early == nil && due != nil)
        }
        #expect(queue.count == 0)
    }
}

@Suite struct BlockingPoolTests {
    private struct Failure: Error, Equatable {}

    @Test func `work runs off the loop and its result comes back to it`() async throws {
        let pool = try BlockingPool(name: "pool", threads: 2)
        defer { pool.stop() }
        let places = try await withLoop { loop in
            try await Task(executorPreference: loop) {
                let inside = try await pool.run { EventLoop.current == nil }
                return [inside, loop.isCurrent]
            }.value
        }
        #expect(places == [true, true])
        await #expect(throws: Failure.self) { try await pool.run { throw Failure() } }
    }

    @Test func `a full queue and a stopped pool refuse`() async throws {
        let pool = try BlockingPool(name: "pool", threads: 1, queueLimit: 1)
        let gate = DispatchSemaphore(value: 0)
        let (running, started) = AsyncStream.makeStream(of: Void.self)
        let first = Task {
            try await pool.run {
                started.yield()
                gate.wait()
            }
        }
        for await _ in running { break }
        // The only thread is busy: of two more, one waits in the queue and the other is refused.
        let outcomes = await withTaskGroup(of: BlockingPool.Refusal?.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    do {
                        try await pool.run {}
                        return nil
                    } catch {
                        gate.signal()
                        return error as? BlockingPool.Refusal
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.compactMap(\.self) == [.queueFull])
        try await first.value
        pool.stop()
        await #expect(throws: BlockingPool.Refusal.stopped) { try await pool.run {} }
    }
}
