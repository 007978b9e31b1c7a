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
