import Glibc
import Orchestrator
import Testing

@testable import Transport

@Suite struct ReadinessLoopTests {
    private final class Watcher: ReadinessWatcher {
        let action: (Readiness) -> Void
        init(_ action: @escaping (Readiness) -> Void) { self.action = action }
        func ready(_ readiness: Readiness) { action(readiness) }
    }

    @Test func `a watcher is told what its descriptor is ready for, and of its end as both`() async throws {
        let told = try await withLoop { loop in
            await withCheckedContinuation { (continuation: CheckedContinuation<[Readiness], Never>) in
                loop.execute {
                    nonisolated(unsafe) var told: [Readiness] = []  // touched by the loop's thread only
                    var ends: [Int32] = [0, 0]
                    unsafe _ = socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends)
                    let (near, far) = (ends[0], ends[1])
                    let watcher = Watcher { readiness in
                        unsafe told.append(readiness)
                        switch unsafe told.count {
                        case 1:
                            _ = loop.rewatch(near, for: .reading)
                            unsafe _ = write(far, "x", 1)
                        case 2: close(far)
                        default:
                            loop.unwatch(near)
                            close(near)
                            continuation.resume(returning: unsafe told)
                        }
                    }
                    #expect(loop.watch(near, for: .writing, watcher))
                }
            }
        }
        #expect(told == [.writing, .reading, [.reading, .writing]])
    }

    @Test func `a delayed call is made once, and not at all once it is cancelled`() async throws {
        let made = try await withLoop { loop in
            await withCheckedContinuation { (continuation: CheckedContinuation<[Int], Never>) in
                loop.execute {
                    nonisolated(unsafe) var made: [Int] = []  // touched by the loop's thread only
                    let first = loop.call(after: .milliseconds(1)) { unsafe made.append(1) }
                    let second = loop.call(after: .milliseconds(2)) { unsafe made.append(2) }
                    _ = loop.call(after: .milliseconds(3)) {
                        loop.cancel(first)
                        continuation.resume(returning: unsafe made)
                    }
                    loop.cancel(second)
                }
            }
        }
        #expect(made == [1])
    }
}
