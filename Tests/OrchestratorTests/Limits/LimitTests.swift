import Orchestrator
import Testing

@Suite struct RateTests {
    static let rates: [(String, Int, Int)] = [
        ("10/min", 10, 60), ("100/hour", 100, 3600), ("5/s", 5, 1), ("5/sec", 5, 1), ("5/second", 5, 1),
        ("7/minute", 7, 60), ("8/h", 8, 3600), ("1000/day", 1000, 86_400), ("1000000000/s", 1_000_000_000, 1),
    ]

    @Test(arguments: rates)
    func `a rate is a count and a window`(text: String, count: Int, seconds: Int) {
        #expect(Rate(text) == Rate(count: count, window: .seconds(seconds)))
    }

    @Test(arguments: [
        "", "/", "10", "10/", "/min", "0/min", "-1/min", "+1/min", "1.5/min", "10/week", "10/MIN", "10 / min",
        "10/min/min", "1000000001/s", "99999999999999999999/s", "١/s",
    ])
    func `what is no rate is refused`(text: String) {
        #expect(Rate(text) == nil)
    }
}

@Suite struct FixedWindowLimiterTests {
    private let rate = Rate(count: 3, window: .seconds(10))

    @Test func `the one too many is told when to come back, and costs nothing`() {
        var limiter = FixedWindowLimiter()
        let left = (0..<3).map { limiter.take("a", rate, at: .seconds($0)).remaining }
        #expect(left == [2, 1, 0])
        for _ in 0..<5 {
            let verdict = limiter.take("a", rate, at: .seconds(4))
            #expect(!verdict.isAllowed && verdict.limit == 3 && verdict.remaining == 0 && verdict.reset == .seconds(6))
        }
        let last = limiter.take("a", rate, at: .milliseconds(9999))
        #expect(!last.isAllowed)
        let fresh = limiter.take("a", rate, at: .seconds(10))
        #expect(fresh.isAllowed && fresh.remaining == 2 && fresh.reset == .seconds(10))
    }

    @Test func `subjects do not count against each other`() {
        var limiter = FixedWindowLimiter()
        for _ in 0..<3 { _ = limiter.take("a", rate, at: .zero) }
        #expect(!limiter.peek("a", rate, at: .zero).isAllowed)
        let other = limiter.take("b", rate, at: .zero)
        #expect(other.remaining == 2)
    }

    @Test func `looking counts nothing`() {
        var limiter = FixedWindowLimiter()
        for _ in 0..<10 { #expect(limiter.peek("a", rate, at: .zero).remaining == 3) }
        let first = limiter.take("a", rate, at: .zero)
        #expect(first.remaining == 2)
    }

    @Test func `a rate that was lowered meanwhile holds at once`() {
        var limiter = FixedWindowLimiter()
        for _ in 0..<3 { _ = limiter.take("a", rate, at: .zero) }
        let verdict = limiter.peek("a", Rate(count: 2, window: .seconds(10)), at: .zero)
        #expect(!verdict.isAllowed && verdict.remaining == 0)
    }

    @Test func `in no window are more requests let through than the rate`() {
        var random = SeededRandom(seed: 16)
        var limiter = FixedWindowLimiter()
        var allowed: [String: [Duration]] = [:]
        var now = Duration.zero
        for _ in 0..<20_000 {
            now += .milliseconds(Int.random(in: 0...900, using: &random))
            let subject = "s\(Int.random(in: 0..<4, using: &random))"
            let verdict = limiter.take(subject, rate, at: now)
            #expect((0...3).contains(verdict.remaining) && verdict.reset > .zero && verdict.reset <= rate.window)
            if verdict.isAllowed { allowed[subject, default: []].append(now) }
        }
        for times in allowed.values {
            // A fixed window may be hit at its end and at the next one's beginning: twice the rate in any ten seconds.
            for (index, time) in times.enumerated() where index >= 6 { #expect(time - times[index - 6] >= rate.window) }
        }
    }

    @Test func `many subjects are forgotten once their windows have ended, and those alone`() {
        var limiter = FixedWindowLimiter()
        for _ in 0..<3 { _ = limiter.take("busy", rate, at: .seconds(5)) }
        for number in 0..<15_000 { _ = limiter.take("s\(number)", rate, at: .zero) }
        for number in 0..<15_000 { _ = limiter.take("t\(number)", rate, at: .seconds(11)) }
        #expect(!limiter.peek("busy", rate, at: .seconds(11)).isAllowed)
        #expect(limiter.count < 30_000)
        for number in 0..<15_000 { _ = limiter.take("u\(number)", rate, at: .seconds(22)) }
        #expect(limiter.count <= 30_000)
    }

    /// Were all looked at with every request, this would be ten thousand million looks.
    @Test(.timeLimit(.minutes(1))) func `a hundred thousand subjects at once cost each of them no more`() {
        var limiter = FixedWindowLimiter()
        for number in 0..<100_000 { _ = limiter.take("s\(number)", rate, at: .zero) }
        #expect(limiter.count == 100_000)
        for number in 0..<100_000 { _ = limiter.take("s\(number)", rate, at: .seconds(1)) }
        let last = limiter.peek("s99999", rate, at: .seconds(1))
        #expect(last.remaining == 1 && limiter.count == 100_000)
    }
}

@Suite struct DailySpendTests {
    private let monday = Day(number: 20_000)
    private let tuesday = Day(number: 20_001)

    /// More than any test spends: the cap over all providers has a test of its own.
    private static let plenty = MicroUSD(micros: 1_000_000_000_000_000)

    private func expectTaken(_ obstacle: SpendObstacle?, _ place: SourceLocation = #_sourceLocation) {
        #expect(obstacle == nil, sourceLocation: place)
    }

    private func expectRefused(_ obstacle: SpendObstacle?, _ place: SourceLocation = #_sourceLocation) {
        #expect(obstacle == .provider, sourceLocation: place)
    }

    @Test func `the cap over all providers counts them together`() {
        var spend = DailySpend()
        expectTaken(spend.reserve(dollars(6), of: "a", cap: nil, capOfAll: dollars(10), on: monday))
        #expect(spend.reserve(dollars(5), of: "b", cap: nil, capOfAll: dollars(10), on: monday) == .everything)
        spend.settle(dollars(6), as: dollars(5), of: "a", on: monday)
        expectTaken(spend.reserve(dollars(5), of: "b", cap: nil, capOfAll: dollars(10), on: monday))
        #expect(spend.total(on: monday) == dollars(10))
        #expect(spend.total(on: tuesday) == .zero)
    }

    private func dollars(_ amount: Int64) -> MicroUSD { MicroUSD(micros: amount * 1_000_000) }

    @Test func `what does not fit under the cap is not taken`() {
        var spend = DailySpend()
        expectTaken(spend.reserve(dollars(6), of: "a", cap: dollars(10), capOfAll: Self.plenty, on: monday))
        expectRefused(spend.reserve(dollars(5), of: "a", cap: dollars(10), capOfAll: Self.plenty, on: monday))
        #expect(spend.total(of: "a", on: monday) == dollars(6))
        expectTaken(spend.reserve(dollars(4), of: "a", cap: dollars(10), capOfAll: Self.plenty, on: monday))
        expectRefused(spend.reserve(MicroUSD(micros: 1), of: "a", cap: dollars(10), capOfAll: Self.plenty, on: monday))
    }

    @Test func `providers do not share a cap, and one without cap has none`() {
        var spend = DailySpend()
        expectTaken(spend.reserve(dollars(10), of: "a", cap: dollars(10), capOfAll: Self.plenty, on: monday))
        expectTaken(spend.reserve(dollars(10), of: "b", cap: dollars(10), capOfAll: Self.plenty, on: monday))
        expectTaken(spend.reserve(dollars(1_000_000), of: "c", cap: nil, capOfAll: Self.plenty, on: monday))
    }

    @Test func `settling gives back what was not spent`() {
        var spend = DailySpend()
        _ = spend.reserve(dollars(6), of: "a", cap: nil, capOfAll: Self.plenty, on: monday)
        spend.settle(dollars(6), as: dollars(2), of: "a", on: monday)
        #expect(spend.total(of: "a", on: monday) == dollars(2))
    }

    @Test func `a new day begins from nothing, and yesterday's reservations no longer matter`() {
        var spend = DailySpend(day: monday, spent: ["a": dollars(9)])
        #expect(spend.total(of: "a", on: monday) == dollars(9))
        #expect(spend.total(of: "a", on: tuesday) == .zero)
        expectTaken(spend.reserve(dollars(3), of: "a", cap: dollars(10), capOfAll: Self.plenty, on: tuesday))
        spend.settle(dollars(5), as: .zero, of: "a", on: monday)
        #expect(spend.total(of: "a", on: tuesday) == dollars(3))
    }

    @Test func `a clock that steps back over midnight opens no second budget`() {
        var spend = DailySpend()
        expectTaken(spend.reserve(dollars(8), of: "a", cap: dollars(10), capOfAll: Self.plenty, on: tuesday))
        expectRefused(spend.reserve(dollars(8), of: "a", cap: dollars(10), capOfAll: Self.plenty, on: monday))
        #expect(spend.total(of: "a", on: tuesday) == dollars(8))
    }

    @Test func `the total is the sum of what is open and what was settled`() {
        var random = SeededRandom(seed: 17)
        var spend = DailySpend()
        var open: [MicroUSD] = []
        var settled = MicroUSD.zero
        let cap = MicroUSD(micros: 5_000_000)
        for _ in 0..<5000 {
            if Bool.random(using: &random) || open.isEmpty {
                let amount = MicroUSD(micros: Int64.random(in: 1...400_000, using: &random))
                if spend.reserve(amount, of: "a", cap: cap, capOfAll: Self.plenty, on: monday) == nil {
                    open.append(amount)
                }
            } else {
                let amount = open.remove(at: Int.random(in: 0..<open.count, using: &random))
                let cost = MicroUSD(micros: Int64.random(in: 0...amount.micros / 50, using: &random))
                spend.settle(amount, as: cost, of: "a", on: monday)
                settled += cost
            }
            let total = spend.total(of: "a", on: monday)
            #expect(total == open.reduce(settled, +) && total <= cap)
        }
    }
}
