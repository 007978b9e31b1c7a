import Orchestrator
import Testing

@testable import Daemon
@testable import Transport

@Suite struct IdempotencyKeyTests {
    private func text(_ values: [String]) throws(APIError) -> String? {
        try IdempotencyKey(HTTPHeaders(values.map { ("idempotency-key", $0) }))?.text
    }

    @Test(arguments: ["a", "7f4e-1", "~!", String(repeating: "k", count: 255)])
    func `visible characters make a key`(value: String) throws {
        #expect(try text([value]) == value)
    }

    @Test func `a request without the header has no key`() throws {
        #expect(try text([]) == nil)
    }

    @Test(arguments: [[""], ["a b"], ["\u{E9}"], [String(repeating: "k", count: 256)], ["a", "a"], ["a", "b"]])
    func `what cannot be kept as it is is refused by the header's name`(values: [String]) {
        #expect { () throws(APIError) in try text(values) } throws: { error in
            (error as? APIError).map { $0.status == 400 && $0.param == "Idempotency-Key" } ?? false
        }
    }

    @Test func `a claim is good for a day`() throws {
        let now = Timestamp(milliseconds: 1_795_255_200_000)
        let owner = UserID(time: now, random: (1, 2))
        let key = try #require(try IdempotencyKey(HTTPHeaders([("Idempotency-Key", "k")])))
        let claim = key.claim(of: owner, fingerprint: "f", now: now)
        #expect(claim == IdempotencyClaim(owner: owner, key: "k", fingerprint: "f", expires: now + .seconds(86_400)))
    }
}
