import Foundation
import Orchestrator
import Randomness
import Testing

@Suite struct TimestampTests {
    static let moments: [(Int64, String)] = [
        (0, "1970-01-01T00:00:00.000Z"),
        (1, "1970-01-01T00:00:00.001Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ]

    @Test(arguments: moments)
    func `a moment and its text stand for each other`(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).description == text)
        #expect(Timestamp(text)?.milliseconds == milliseconds)
    }

    static let spellings: [(String, Int64)] = [
        ("1970-01-01T00:00:01Z", 1000), ("1970-01-01T00:00:00.5Z", 500), ("1970-01-01T00:00:00.123456789Z", 123),
        ("1970-01-01T23:59:60Z", 86_400_000), ("1970-01-01t00:00:01z", 1000),
        ("1970-01-01T01:00:01+01:00", 1000), ("1969-12-31T21:30:00.25-02:30", 250),
        ("1970-01-01T00:00:00.1234567890Z", 123),
    ]

    @Test(arguments: spellings)
    func `other spellings of UTC are read`(text: String, milliseconds: Int64) {
        #expect(Timestamp(text)?.milliseconds == milliseconds)
    }

    @Test(arguments: [
        "", "now", "2026-11-21", "2026-11-21T10:30:00", "2026-11-21T10:30:00+0100", "2026-11-21T10:30:00+24:00",
        "2026-11-21T10:30:00+01:60", "2026-11-21T10:30:00 01:00", "2026-11-21T10:30+01:00",
        "2026-11-21T24:00:00Z", "2026-11-21T10:60:00Z", "2026-11-21T10:30:61Z", "2026-11-21T10:30:00.Z",
        "2026-11-21T10:30:00,5Z", "2026-02-30T10:30:00Z", "2026-11-21T1a:30:00Z",
        "2026-11-21T+1:30:00Z", "2026-11-21 10:30:00Z", "+026-11-21T10:30:00Z", "2026-11-21T10:30:00.5xZ",
    ])
    func `what is no UTC time is refused`(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test(arguments: [
        "", "2026", "2026-1-1", "2026-13-01", "2026-00-01", "2026-01-00", "2026-01-32", "2025-02-29", "2100-02-29",
        "1900-02-29", "2026-04-31", "26-01-01", "2026/01/01", "2026-01-01 ", "2026-+1-01", "2026-01-+1", "+202-01-01",
        "２０２６-01-01", "-026-01-01",
    ])
    func `what is no day is refused`(text: String) {
        #expect(Day(text) == nil)
    }

    @Test(arguments: ["2000-02-29", "2024-02-29", "1970-01-01", "0001-01-01", "9999-12-31", "2026-12-31"])
    func `a day and its text stand for each other`(text: String) {
        #expect(Day(text)?.description == text)
    }

    @Test func `days follow one another through four centuries of leap years`() throws {
        let first = try #require(Day("1900-01-01"))
        var previous = first.civil
        for number in first.number + 1...first.number + 146_097 {
            let (year, month, day) = Day(number: number).civil
            let isNext =
                (year, month, day) == (previous.year, previous.month, previous.day + 1)
                || (day == 1 && (year, month) == (previous.year, previous.month + 1))
                || (day == 1 && month == 1 && year == previous.year + 1)
            guard isNext else {
                Issue.record("\(previous) is followed by \((year, month, day))")
                return
            }
            previous = (year, month, day)
        }
        #expect(previous == (2300, 1, 1))
    }

    @Test func `seeded moments are written and read as Foundation does`() throws {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true, timeZone: .gmt)
        var random = SeededRandom(seed: 12)
        for _ in 0..<1000 {
            // 1800 to 2300; older dates differ, as Foundation changes to the Julian calendar.
            let milliseconds = Int64.random(in: -5_364_662_400_000...10_413_792_000_000, using: &random)
            let date = Date(timeIntervalSince1970: Double(milliseconds / 1000))
            let moment = Timestamp(milliseconds: milliseconds / 1000 * 1000)
            #expect(moment.description == date.formatted(style))
            let read = try Date(moment.description, strategy: style)
            #expect(Timestamp(date.formatted(style)) == moment && read == date)
        }
    }

    @Test func `a moment falls on the day that holds it`() throws {
        let day = try #require(Day("2026-11-21"))
        #expect(day.start.day == day)
        #expect((day.start + .milliseconds(86_399_999)).day == day)
        #expect((day.start + .seconds(86_400)).day == Day(number: day.number + 1))
        #expect(Timestamp(milliseconds: -1).seconds == -1)
        #expect(Timestamp(milliseconds: 1999).seconds == 1)
    }

    @Test func `pauses are told in whole seconds, never too few`() {
        #expect(Duration.milliseconds(1).roundedUpSeconds == 1)
        #expect(Duration.seconds(2).roundedUpSeconds == 2)
        #expect(Duration.milliseconds(2001).roundedUpSeconds == 3)
        #expect(Duration.microseconds(1999).milliseconds == 1)
    }
}
