import Orchestrator
import Randomness
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
