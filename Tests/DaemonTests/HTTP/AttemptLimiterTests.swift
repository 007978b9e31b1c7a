import Orchestrator
import Testing

@testable import Daemon

@Suite struct AttemptLimiterTests {
    private static let rate = Rate(count: 3, window: .seconds(60))

    @Test func `a subject waits for the end of its window once it has used it up`() {
        var limiter = AttemptLimiter(Self.rate)
        for _ in 0..<3 {
            #expect(limiter.wait(for: "a", at: .seconds(10)) == nil)
            limiter.count("a", at: .seconds(10))
        }
        #expect(limiter.wait(for: "a", at: .seconds(30)) == .seconds(40))
        #expect(limiter.wait(for: "b", at: .seconds(30)) == nil)
        #expect(limiter.wait(for: "a", at: .seconds(70)) == nil)
        limiter.giveBack("a")
        #expect(limiter.wait(for: "a", at: .seconds(30)) == nil)
    }

    @Test func `a forgotten subject begins anew`() {
        var limiter = AttemptLimiter(Self.rate)
        for _ in 0..<3 { limiter.count("a", at: .zero) }
        limiter.forget("a")
        #expect(limiter.wait(for: "a", at: .zero) == nil)
    }

    @Test func `beyond its capacity the limiter counts strangers together, until windows end`() {
        var limiter = AttemptLimiter(Self.rate, capacity: 2)
        limiter.count("a", at: .seconds(1))
        limiter.count("b", at: .seconds(1))
        for stranger in ["c", "d", "e"] { limiter.count(stranger, at: .seconds(2)) }
        #expect(limiter.wait(for: "f", at: .seconds(2)) == .seconds(60))
        #expect(limiter.wait(for: "a", at: .seconds(2)) == nil)
        limiter.count("g", at: .seconds(62))
        #expect(limiter.wait(for: "f", at: .seconds(62)) == nil)
    }

    @Test(arguments: [
        ("203.0.113.7", "203.0.113.7"), ("2001:db8::1", "20010db800000000/64"),
        ("2001:db8:0:0:ffff::9", "20010db800000000/64"), ("::ffff:203.0.113.7", "::ffff:203.0.113.7"),
    ])
    func `an IPv6 network counts as one`(address: String, holder: String) {
        #expect(AddressBlock.holder(of: address) == holder)
    }
}
