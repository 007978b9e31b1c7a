import Persistence
import Testing

@testable import Daemon

@Suite struct SpentSignaturesTests {
    private static func code(_ number: Int) -> [UInt8] { SHA256.digest(of: "\(number)".utf8Span.span) }

    @Test func `a signature is good once, for as long as its time is`() {
        var spent = SpentSignatures(began: 1000)
        #expect(spent.take(Self.code(1), of: "a", at: 1000, now: 1000) == .fresh)
        #expect(spent.take(Self.code(1), of: "a", at: 1000, now: 1000) == .spent)
        #expect(spent.take(Self.code(2), of: "a", at: 1000, now: 1000) == .fresh)
        // To the last second in which its time would pass, made ahead of our clock or not.
        #expect(spent.take(Self.code(3), of: "a", at: 1300, now: 1000) == .fresh)
        for now in [Int64(1001), 1299, 1300] {
            #expect(spent.take(Self.code(1), of: "a", at: 1000, now: now) == .spent)
            #expect(spent.take(Self.code(3), of: "a", at: 1300, now: now) == .spent)
        }
        #expect(spent.take(Self.code(3), of: "a", at: 1300, now: 1600) == .spent)
    }

    @Test func `what was signed before the memory began is refused`() {
        var spent = SpentSignatures(began: 1000)
        #expect(spent.take(Self.code(1), of: "a", at: 999, now: 1000) == .tooOld)
        #expect(spent.take(Self.code(1), of: "a", at: 1000, now: 1000) == .fresh)
    }

    @Test func `a full memory refuses, and forgets nothing that would be taken again`() {
        var spent = SpentSignatures(began: 0, mostOfKey: 3, most: 5)
        for number in 0..<3 { #expect(spent.take(Self.code(number), of: "a", at: 10, now: 10) == .fresh) }
        #expect(spent.take(Self.code(3), of: "a", at: 10, now: 10) == .tooMany)
        for number in 4..<6 { #expect(spent.take(Self.code(number), of: "b", at: 11, now: 11) == .fresh) }
        #expect(spent.take(Self.code(6), of: "b", at: 11, now: 11) == .tooMany)
        #expect(spent.take(Self.code(0), of: "a", at: 10, now: 310) == .spent)
        // One second later the first three cannot be taken any more, and make room.
        #expect(spent.take(Self.code(7), of: "a", at: 311, now: 311) == .fresh)
        #expect(spent.take(Self.code(8), of: "a", at: 311, now: 311) == .fresh)
        #expect(spent.take(Self.code(9), of: "b", at: 311, now: 311) == .fresh)
        #expect(spent.take(Self.code(10), of: "c", at: 311, now: 311) == .tooMany)
    }
}
