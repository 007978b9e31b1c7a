import Orchestrator
import Testing

@testable import Daemon

@Suite struct RememberedTotalTests {
    private func values(_ counts: [Int], at times: [Int]) async throws -> [Int] {
        let total = RememberedTotal()
        var (counts, seen) = (counts[...], [Int]())
        for time in times {
            seen.append(try await total.value(at: .seconds(time)) { () async throws(APIError) in counts.removeFirst() })
        }
        return seen
    }

    @Test func `few are counted each time`() async throws {
        #expect(try await values([1, 2, RememberedTotal.few, 3], at: [0, 0, 0, 0]) == [1, 2, RememberedTotal.few, 3])
    }

    @Test func `many are counted now and then`() async throws {
        #expect(try await values([2000, 2001, 5, 6], at: [0, 9, 10, 19, 20, 20]) == [2000, 2000, 2001, 2001, 5, 6])
    }

    @Test func `a count that failed is made again in its time, and the old one holds until then`() async throws {
        let total = RememberedTotal()
        #expect(try await total.value(at: .zero) { 5000 } == 5000)
        await #expect(throws: APIError.self) {
            try await total.value(at: .seconds(10)) { () async throws(APIError) -> Int in throw .draining }
        }
        #expect(try await total.value(at: .seconds(19)) { 1 } == 5000)
        #expect(try await total.value(at: .seconds(20)) { 5001 } == 5001)
    }
}
