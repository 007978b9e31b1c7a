import Testing

@testable import Daemon

@Suite struct ByteRangeTests {
    static let ranges: [(String?, Int64, ByteRange)] = [
        (nil, 10, .whole), ("bytes=0-9", 10, .part(0..<10)), ("bytes=0-0", 10, .part(0..<1)),
        ("bytes=9-9", 10, .part(9..<10)),
        ("bytes=0-", 10, .part(0..<10)), ("bytes=9-", 10, .part(9..<10)), ("bytes=4-100", 10, .part(4..<10)),
        ("bytes=4-9223372036854775807", 10, .part(4..<10)),
        ("bytes=-1", 10, .part(9..<10)), ("bytes=-10", 10, .part(0..<10)), ("bytes=-100", 10, .part(0..<10)),
        ("bytes=10-", 10, .unsatisfiable), ("bytes=10-20", 10, .unsatisfiable), ("bytes=-0", 10, .unsatisfiable),
        ("bytes=0-", 0, .unsatisfiable), ("bytes=-1", 0, .unsatisfiable),
        // What cannot be read is as if it were not there.
        ("", 10, .whole), ("bytes", 10, .whole), ("bytes=", 10, .whole), ("bytes=-", 10, .whole),
        ("bytes=5-4", 10, .whole),
        ("bytes=a-b", 10, .whole), ("bytes=--1", 10, .whole), ("bytes=0-4,6-8", 10, .whole), ("items=0-4", 10, .whole),
        ("bytes=0-x", 10, .whole), ("bytes=+1-4", 10, .whole), ("bytes=1-+4", 10, .whole), ("bytes=-+4", 10, .whole),
        ("bytes= 0-4", 10, .whole), ("bytes=0x1-4", 10, .whole), ("bytes=99999999999999999999-", 10, .whole),
    ]

    @Test(arguments: ranges)
    func `a range is the part that its header asks for`(header: String?, size: Int64, expected: ByteRange) {
        #expect(ByteRange(header, of: size, ifRange: nil, tag: "\"t\"") == expected)
    }

    static let conditions: [(String, Bool)] = [
        ("\"t\"", true), ("\"u\"", false), ("W/\"t\"", false), ("t", false), ("Sat, 21 Nov 2026 10:00:00 GMT", false),
        ("", false),
    ]

    @Test(arguments: conditions)
    func `a range on a condition is a part only of the very same bytes`(ifRange: String, isPart: Bool) {
        let range = ByteRange("bytes=0-4", of: 10, ifRange: ifRange, tag: "\"t\"")
        #expect(range == (isPart ? .part(0..<5) : .whole))
    }
}
