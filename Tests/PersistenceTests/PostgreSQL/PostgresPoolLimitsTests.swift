import Testing

@testable import Persistence

@Suite struct PostgresPoolLimitsTests {
    static let waits: [(failures: Int, jitter: Double, expected: Duration)] = [
        (0, 0, .milliseconds(50)), (1, 0, .milliseconds(50)), (1, 0.5, .milliseconds(75)), (2, 0, .milliseconds(100)),
        (5, 0, .milliseconds(800)), (6, 0, .seconds(1)), (1_000_000, 0, .seconds(1)),
    ]

    @Test(arguments: waits)
    func `a wait doubles with each failure up to its limit`(failures: Int, jitter: Double, expected: Duration) {
        let wait = PostgresPoolLimits.wait(.milliseconds(100), limit: .seconds(2), failures: failures, jitter: jitter)
        #expect(wait == expected)
    }
}
