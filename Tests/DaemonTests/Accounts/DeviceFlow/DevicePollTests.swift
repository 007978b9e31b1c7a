import Orchestrator
import Testing

@testable import Daemon

@Suite struct DevicePollTests {
    private static let begun = Timestamp(milliseconds: 1_790_000_000_000)
    private static let user = UserID(trusted: "usr_1")

    private static func grant(
        _ state: DeviceGrant.State = .pending,
        client: String? = "one",
        polled seconds: Int64? = nil,
        interval: Int = 5
    ) -> DeviceGrant {
        var grant = DeviceGrant(
            codeHash: "h",
            userCode: "C",
            clientID: client,
            name: "n",
            provider: nil,
            address: "a",
            created: begun,
            expires: begun + .seconds(900),
            interval: interval
        )
        grant.state = state
        grant.polled = seconds.map { begun + .seconds($0) }
        grant.user = state == .pending ? nil : user
        return grant
    }

    /// What is on record, who asks, milliseconds after the beginning, and the answer.
    static let answers: [(DeviceGrant, String?, Int64, DevicePoll)] = [
        (grant(), "one", 0, .pending(interval: 5)),
        (grant(polled: 10), "one", 15_000, .pending(interval: 5)),
        (grant(polled: 10), "one", 14_750, .pending(interval: 5)),
        (grant(polled: 10), "one", 14_749, .slowDown(interval: 10)),
        (grant(polled: 10, interval: 10), "one", 16_500, .slowDown(interval: 15)),
        (grant(polled: 10, interval: 15), "one", 25_500, .pending(interval: 15)),
        (grant(.approved, polled: 10), "one", 10_001, .letIn(user)),
        (grant(.denied, polled: 10), "one", 10_001, .denied),
        (grant(.redeemed), "one", 10_000, .invalid),
        (grant(), "one", 899_999, .pending(interval: 5)),
        (grant(), "one", 900_000, .expired),
        (grant(.approved), "one", 900_000, .expired),
        (grant(.denied), "one", 900_000, .expired),
        (grant(.redeemed), "one", 900_000, .invalid),
        (grant(.approved), "two", 1, .invalid),
        (grant(), "two", 900_000, .invalid),
        (grant(.approved), nil, 1, .anonymous),
        (grant(.approved, client: nil), nil, 1, .letIn(user)),
        (grant(.approved, client: nil), "any", 1, .letIn(user)),
    ]

    @Test(arguments: answers)
    func `a device is answered by what is on record`(
        grant: DeviceGrant,
        client: String?,
        after milliseconds: Int64,
        expected: DevicePoll
    ) {
        let now = Self.begun + .milliseconds(milliseconds)
        #expect(DevicePoll(grant, clientID: client, now: now) == expected)
    }
}
