import Testing

@testable import Orchestrator

@Suite struct SweeperTests {
    private let scene = EngineScene(time: ManualTime(stands: true))
    private let removed = Watched(0)

    private var sweeper: Sweeper {
        Sweeper(store: scene.store, storage: scene.storage, time: scene.time, log: SilentLog()) { [removed] count in
            removed.update { $0 += count }
        }
    }

    /// Has pictures stored, all under `a`, the first of them as long ago as given, the others long ago.
    private func store(_ names: String..., used: Duration? = nil) {
        let first = names[0]
        scene.storage.state.withLock { state in
            state.published += names
            if let used { state.used[first] = scene.time.now() + (.zero - used) }
        }
    }

    private func sweep() async { await sweeper.sweep(UInt8(ascii: "a")) }

    @Test func `bytes that nothing refers to go, and what a picture or a waiting job names stays`() async {
        store("a1", "a2", "a3")
        scene.store.state.withLock { $0.referenced = ["a2"] }
        await sweep()
        #expect(scene.storage.published == ["a2"] && removed.value == 2)
    }

    static let ages: [(Duration, Bool)] = [
        (.zero, true), (.seconds(3599), true), (.seconds(3601), false), (.seconds(-60), true),
    ]

    @Test(arguments: ages)
    func `bytes younger than an hour stay, as their row may be on its way`(age: Duration, stays: Bool) async {
        store("a1", used: age)
        await sweep()
        #expect(scene.storage.published.isEmpty != stays)
        await sweeper.release(["a1"])
        #expect(scene.storage.published.isEmpty != stays)
    }

    @Test func `while the record cannot be asked nothing is removed`() async {
        store("a1")
        scene.store.state.withLock { $0.failsToLookUp = true }
        await sweep()
        await sweeper.release(["a1"])
        #expect(scene.storage.published == ["a1"] && removed.value == 0)
    }

    @Test func `a step is bounded, and the next one goes on`() async {
        let names = (0..<2600).map { "a\($0)" }
        scene.storage.state.withLock { $0.published = names }
        await sweep()
        #expect(removed.value == 1000)
        await sweep()
        await sweep()
        #expect(scene.storage.published.isEmpty && removed.value == 2600)
    }

    @Test func `pictures past their time lose their rows, and then their bytes`() async {
        let names = (0..<450).map { "a\($0)" }
        scene.storage.state.withLock { $0.published = names + ["a-young"] }
        scene.store.state.withLock { $0.expired = names }
        let sweeper = Sweeper(
            store: scene.store,
            storage: scene.storage,
            time: scene.time,
            log: SilentLog(),
            retention: { .seconds(86_400) }
        )
        await sweeper.expire()
        #expect(scene.storage.published == ["a-young"])
        let limit = scene.time.now() + .seconds(-86_400)
        #expect(scene.store.state.withLock { $0.expiries } == [limit, limit, limit])
    }

    @Test func `without a retention nothing is past its time`() async {
        scene.store.state.withLock { $0.expired = ["a1"] }
        await sweeper.expire()
        #expect(scene.store.state.withLock { $0.expired } == ["a1"])
    }

    @Test func `it goes round all shelves, sweeps the record as well, and ends with its task`() async {
        let time = ManualTime()
        scene.storage.state.withLock { $0.published = ["a1", "b1", "zz"] }
        let sweeper = Sweeper(store: scene.store, storage: scene.storage, time: time, log: SilentLog())
        let sweeping = Task { await sweeper.run() }
        while !scene.storage.published.isEmpty { await Task.yield() }
        sweeping.cancel()
        await sweeping.value
        #expect(scene.store.state.withLock { $0.sweeps } > 0)
        #expect(time.pauses.value.allSatisfy { $0 == .seconds(10) })
    }
}
