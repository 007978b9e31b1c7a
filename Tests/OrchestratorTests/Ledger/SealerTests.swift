import Testing

@testable import Orchestrator

@Suite(.timeLimit(.minutes(1))) struct SealerTests {
    private let ledger = MemoryLedger()
    private let time = SteppedTime()

    private func sealer() -> Sealer { Sealer(store: ledger, time: time, log: SilentLog()) }

    /// Lets so many pauses end, one after the other.
    private func pass(_ pauses: Int) async {
        for _ in 0..<pauses { await time.step() }
    }

    @Test func `everything is sealed at once, batch by batch`() async {
        ledger.state.update { $0.unsealed = 2500 }
        #expect(await sealer().seal())
        #expect(ledger.state.value.sealings == [1000, 1000, 500] && ledger.state.value.unsealed == 0)
        #expect(await sealer().seal() == false)
    }

    @Test func `a record that cannot be written now is tried again`() async {
        ledger.state.update {
            $0.unsealed = 1
            $0.fails = true
        }
        #expect(await sealer().seal() == false)
        ledger.state.update { $0.fails = false }
        #expect(await sealer().seal())
    }

    @Test
    func `it looks every second while there is something, now and then while there is not, and at once on a hint`()
        async
    {
        let sealer = sealer()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await sealer.run() }
            ledger.state.update { $0.unsealed = 3 }
            await pass(2)
            #expect(ledger.state.value.sealings == [3, 0])
            await pass(4)
            #expect(ledger.state.value.sealings == [3, 0])
            await pass(1)
            #expect(ledger.state.value.sealings == [3, 0, 0])
            ledger.state.update { $0.unsealed = 1 }
            sealer.hint()
            await pass(1)
            #expect(ledger.state.value.sealings == [3, 0, 0, 1])
            group.cancelAll()
            time.end()
        }
    }
}

/// Time that stands in each pause until the test lets it pass.
private final class SteppedTime: TimeSource {
    private struct State: Sendable {
        var begun = 0
        var ended = 0
    }

    private let state = Watched(State())

    /// Ends the pause that somebody is in or comes to, and returns when the next one has begun.
    func step() async {
        let next = state.update { state in
            state.ended += 1
            return state.ended + 1
        }
        await state.wait(until: { $0.begun >= next })
    }

    /// Ends every pause.
    func end() {
        state.update { $0.ended = .max }
    }

    func now() -> Timestamp { Timestamp(milliseconds: 0) }
    func monotonic() -> Duration { .zero }
    func random() -> UInt64 { 0 }

    func sleep(for duration: Duration) async throws(CancellationError) {
        let pause = state.update { state in
            state.begun += 1
            return state.begun
        }
        await state.wait(until: { $0.ended >= pause })
        guard !Task.isCancelled else { throw CancellationError() }
    }
}
