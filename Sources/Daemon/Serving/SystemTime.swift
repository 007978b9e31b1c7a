import Glibc
import Orchestrator
import Persistence
import Transport

/// The machine's clocks and chance.
struct SystemTime: TimeSource {
    private let origin = ContinuousClock.now
    private let chance = RandomReserve()

    func now() -> Timestamp {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    func monotonic() -> Duration { ContinuousClock.now - origin }

    /// On a loop by its own timers; elsewhere by the standard library's.
    func sleep(for duration: Duration) async throws(CancellationError) {
        if let loop = EventLoop.current { return try await loop.sleep(for: duration) }
        do {
            try await Task.sleep(for: duration)
        } catch {
            throw CancellationError()
        }
    }

    func random() -> UInt64 { chance.next() }
}
