import Randomness

@testable import Orchestrator

/// A clock that tests move. By default whoever sleeps moves it on; with `stands`, sleepers wait for `advance`.
final class ManualTime: TimeSource {
    private struct Sleeper: Sendable {
        var due: Duration
        var continuation: CheckedContinuation<Bool, Never>
    }

    private struct State: Sendable {
        var elapsed = Duration.zero
        /// How far the wall clock was set off.
        var step = Duration.zero
        var sleepers: [Int: Sleeper] = [:]
        var nextSleeper = 0
        var random: SeededRandom
    }

    private static let start = Timestamp(milliseconds: 1_795_255_200_000)

    private let stands: Bool
    private let state: Watched<State>
    /// Every pause that somebody asked for.
    let pauses = Watched<[Duration]>([])

    init(stands: Bool = false, seed: UInt64 = 1) {
        self.stands = stands
        state = Watched(State(random: SeededRandom(seed: seed)))
    }

    func now() -> Timestamp {
        let state = state.value
        return Self.start + (state.elapsed + state.step)
    }

    /// Sets the wall clock, and it alone, forward or back.
    func step(by distance: Duration) {
        state.update { $0.step += distance }
    }

    func monotonic() -> Duration { state.value.elapsed }

    func random() -> UInt64 { state.update { $0.random.next() } }

    func advance(by duration: Duration) {
        let woken = state.update { state in
            state.elapsed += duration
            let due = state.sleepers.filter { $0.value.due <= state.elapsed }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values.map(\.continuation)
        }
        for continuation in woken { continuation.resume(returning: true) }
    }

    /// Returns when somebody sleeps, who would notice that time goes by.
    func untilSomebodySleeps() async {
        await state.wait { !$0.sleepers.isEmpty }
    }

    func sleep(for duration: Duration) async throws(CancellationError) {
        guard !Task.isCancelled else { throw CancellationError() }
        pauses.update { $0.append(duration) }
        guard stands else { return advance(by: duration) }
        let id = state.update { state in
            state.nextSleeper += 1
            return state.nextSleeper
        }
        let isOver = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Bool? = state.update { state in
                    if Task.isCancelled { return false }
                    state.sleepers[id] = Sleeper(due: state.elapsed + duration, continuation: continuation)
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let sleeper = state.update { $0.sleepers.removeValue(forKey: id) }
            sleeper?.continuation.resume(returning: false)
        }
        guard isOver else { throw CancellationError() }
    }
}
