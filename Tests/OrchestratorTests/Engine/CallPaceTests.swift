import Randomness
import Testing

@testable import Orchestrator

@Suite struct CallPaceTests {
    private let rate = Rate(count: 3, window: .seconds(10))

    @Test func `a rate may name a window of several units`() {
        #expect(Rate("150/10s") == Rate(count: 150, window: .seconds(10)))
        #expect(Rate("2/15min") == Rate(count: 2, window: .seconds(900)))
        for text in ["150/0s", "150/s10", "150/10", "150/-1s", "1/10 s", "1/99999999999s"] {
            #expect(Rate(text) == nil, "\(text)")
        }
    }

    @Test func `calls go at once until the window is full, then one by one as it empties`() {
        var pace = CallPace(rate)
        let asked: [Int64] = [0, 1, 2, 3, 3, 3, 40]
        let turns = asked.map { pace.take(at: .seconds($0), latest: .seconds(100)) }
        #expect(turns == [0, 1, 2, 10, 11, 12, 40].map { Duration.seconds($0) })
    }

    @Test func `a turn that comes too late is not taken`() {
        var pace = CallPace(rate)
        for _ in 0..<3 { _ = pace.take(at: .zero, latest: .zero) }
        #expect(pace.take(at: .seconds(1), latest: .seconds(9)) == nil)
        #expect(pace.take(at: .seconds(1), latest: .seconds(10)) == .seconds(10))
    }

    @Test func `no window of time holds more calls than the rate, wherever it begins`() {
        var random = SeededRandom(seed: 23)
        var pace = CallPace(rate)
        var now = Duration.zero
        var turns: [Duration] = []
        for _ in 0..<5_000 {
            now += .milliseconds(Int.random(in: 0...6_000, using: &random))
            if let turn = pace.take(at: now, latest: now + .seconds(15)) {
                #expect(turn >= now)
                turns.append(turn)
            }
        }
        #expect(turns.count > 2_000 && turns == turns.sorted())
        for (index, turn) in turns.enumerated() where index >= 3 { #expect(turn - turns[index - 3] >= rate.window) }
    }

    @Test func `who waits is let go at the turn, and nobody waits past the deadline`() async {
        let time = ManualTime()
        let gate = CallGate(limit: 10, pace: rate)
        for _ in 0..<3 { #expect(await gate.turn(until: .seconds(60), time)) }
        #expect(time.monotonic() == .zero)
        #expect(await gate.turn(until: .seconds(60), time))
        #expect(time.monotonic() == .seconds(10))
        #expect(await gate.turn(until: .seconds(5), time) == false)
        // The same pace again, as a reload brings it, forgets nothing.
        gate.setPace(Rate("3/10s"))
        #expect(await gate.turn(until: .seconds(60), time))
        gate.setPace(nil)
        #expect(await gate.turn(until: .zero, time))
    }

    @Test func `a vendor's pace holds for its polls too`() async throws {
        let scene = EngineScene()
        scene.upstream.script("a", .pending("w1"))
        scene.upstream.script("a/poll", .pending("w1"), .pictures())
        let job = try await scene.run(.two { $0.providers[0].pace = Rate("2/10s") })
        #expect(job.status == .succeeded && scene.upstream.places == ["a", "a/poll", "a/poll"])
        #expect(scene.time.pauses.value.map(\.milliseconds) == [500, 750, 8750])
    }

    @Test func `a call whose turn comes after the deadline is not made, and the work goes elsewhere`() async throws {
        let scene = EngineScene()
        let registry = Registry.two { $0.providers[0].pace = Rate("1/hour") }
        _ = try await scene.run(registry)
        let job = try await scene.run(registry)
        #expect(scene.upstream.places == ["a", "b"] && job.status == .succeeded)
        #expect(job.attempts.map(\.provider) == ["a", "b"] && job.attempts.first?.cost == .zero)
    }
}
