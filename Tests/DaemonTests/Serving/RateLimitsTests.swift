import Orchestrator
import Testing

@testable import Daemon

@Suite struct RateLimitsTests {
    private func caller(rate: Rate? = nil) -> Caller {
        let now = Timestamp(milliseconds: 0)
        let user = UserRecord(id: UserID(time: now, random: (0, 0)), email: "a@b", isAdmin: false, created: now)
        var record = KeyRecord(
            id: KeyID(time: now, random: (0, 1)),
            owner: user.id,
            name: "k",
            prefix: "ork",
            hash: "h",
            created: now
        )
        record.rate = rate
        return Caller(user: user, key: record)
    }

    private let settings: LimitSettings = {
        var settings = LimitSettings()
        settings.perIP = Rate(count: 3, window: .seconds(60))
        settings.perKey = Rate(count: 5, window: .seconds(60))
        settings.global = Rate(count: 8, window: .seconds(3600))
        return settings
    }()

    @Test func `a request counts by address, by key and over all; a key's own rate replaces the usual one`() {
        let usual = RateLimits.claims(address: "192.0.2.1", caller: caller(), settings)
        #expect(usual.map(\.rate.count) == [3, 5, 8])
        #expect(usual.map { $0.subject.prefix { $0 != ":" } } == ["ip", "key", "global"])
        let own = caller(rate: Rate(count: 1, window: .seconds(60)))
        #expect(RateLimits.claims(address: "192.0.2.1", caller: own, settings).map(\.rate.count) == [3, 1, 8])
    }

    @Test func `each limit refuses by its own code and says when to come back`() {
        let verdict = RateVerdict(limit: 3, remaining: 0, reset: .milliseconds(42_500))
        let errors = RateLimits.claims(address: "a", caller: caller(), settings).map { $0.refusal(verdict) }
        #expect(errors.map(\.code) == ["rate_limit_exceeded", "rate_limit_exceeded", "global_rate_limit_exceeded"])
        #expect(errors.allSatisfy { $0.status == 429 && $0.retryAfter == .milliseconds(42_500) })
        #expect(errors[0].headers.map(\.name) == ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"])
        #expect(errors[0].headers.map(\.value) == ["3", "0", "43"])
    }

    @Test func `the tightest limit is the one that is told`() {
        let verdicts = [(10, 4), (5, 2), (7, 2)].map { limit, left in
            RateVerdict(limit: limit, remaining: left, reset: .seconds(1))
        }
        #expect(verdicts.tightest?.limit == 5 && [RateVerdict]().tightest == nil)
    }
}
