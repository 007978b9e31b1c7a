import Testing

@testable import Orchestrator

@Suite struct FailureVerdictTests {
    private func verdict(_ failures: [ProviderFailure], attempts: [FailureKind?]? = nil) -> APIError {
        let records = (attempts ?? failures.map(\.kind)).enumerated().map { index, kind in
            var record = AttemptRecord(
                n: index + 1,
                provider: "p\(index)",
                model: "m",
                tier: .medium,
                count: 1,
                started: Timestamp(milliseconds: 0)
            )
            record.outcome = kind?.outcome ?? .ok
            record.label = kind?.label
            return record
        }
        return FailureVerdict(last: failures, attempts: records).error
    }

    private static let server = FailureKind.unavailable(.server(mayRepeat: true))
    private static func limited(_ seconds: Int?) -> FailureKind {
        .unavailable(.rateLimited(retryAfter: seconds.map { .seconds($0) }))
    }

    static let verdicts: [([FailureKind], Int, String)] = [
        ([.rejected], 400, "invalid_value"),
        ([.refused], 400, "moderation_blocked"),
        ([.refused, .rejected], 400, "moderation_blocked"),
        ([server, .refused], 400, "moderation_blocked"),
        ([.unknown(.timeout)], 504, "timeout"),
        ([.unknown(.timeout), .unknown(.timeout)], 504, "timeout"),
        ([.unknown(.timeout), server], 502, "all_providers_failed"),
        ([.unknown(.cut)], 502, "all_providers_failed"),
        ([limited(3)], 429, "provider_rate_limited"),
        ([limited(3), limited(nil)], 429, "provider_rate_limited"),
        ([limited(3), server], 502, "all_providers_failed"),
        ([server], 502, "all_providers_failed"),
        ([.unavailable(.quota)], 502, "all_providers_failed"),
        ([.unavailable(.credential)], 502, "all_providers_failed"),
        ([.unavailable(.model)], 502, "all_providers_failed"),
        ([.unavailable(.unsupported)], 502, "all_providers_failed"),
        ([.unavailable(.connection)], 502, "all_providers_failed"),
        ([.unusable], 502, "all_providers_failed"),
    ]

    @Test(arguments: verdicts)
    func `all that went wrong becomes the one answer that the table promises`(
        kinds: [FailureKind],
        status: Int,
        code: String
    ) {
        let error = verdict(kinds.map { ProviderFailure($0, "vendor words sk-secret") })
        #expect(error.status == status && error.code == code)
        // A vendor's words are for the log alone, and its statuses never become ours.
        #expect(!error.message.contains("vendor words") && !error.body.text.contains("sk-secret"))
    }

    @Test func `what came before counts too`() {
        let timeout = ProviderFailure(.unknown(.timeout), "late")
        #expect(verdict([timeout], attempts: [Self.server, .unknown(.timeout)]).status == 502)
        #expect(verdict([timeout], attempts: [nil, .unknown(.timeout)]).status == 504)
    }

    @Test func `every failed attempt is named`() {
        let message = verdict([ProviderFailure(.unusable, "")], attempts: [Self.server, .unusable]).message
        #expect(message.contains("p0/m: server_error") && message.contains("p1/m: unusable"))
    }

    static let pauses: [([Int?], Duration)] = [
        ([3], .seconds(3)), ([30, 4, 9], .seconds(4)), ([nil], .seconds(10)), ([nil, 4], .seconds(4)),
        ([0], .seconds(1)),
    ]

    @Test(arguments: pauses)
    func `who limits its rate first is who is waited for`(seconds: [Int?], pause: Duration) {
        #expect(verdict(seconds.map { ProviderFailure(Self.limited($0), "") }).retryAfter == pause)
    }

    @Test func `trouble with our own disk is our own failure`() {
        let failure = ProviderFailure(.unusable, "no space", code: PictureIntake.storageCode)
        let error = verdict([ProviderFailure(.refused, ""), failure])
        #expect(error.status == 500 && error.code == "internal_error" && !error.message.contains("space"))
    }

    @Test func `places that stayed taken are an overload, not a vendor's failure`() {
        let busy = ProviderFailure(Self.server, "", code: FailureVerdict.busyCode)
        #expect(verdict([busy, busy]).status == 503 && verdict([busy]).code == "overloaded")
        #expect(verdict([busy]).retryAfter != nil)
        #expect(verdict([busy, ProviderFailure(Self.server, "")]).status == 502)
    }
}
