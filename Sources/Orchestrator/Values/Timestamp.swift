/// A point in wall-clock time with the resolution of the records: one millisecond.
public struct Timestamp: Sendable, Hashable, Comparable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    public var milliseconds: Int64

    /// Wraps a count of milliseconds since the Unix epoch.
    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// Whole seconds since the Unix epoch, as OpenAI's `created`.
    public var seconds: Int64 { milliseconds.floorDivided(by: 1000) }
    /// The UTC calendar day that this moment falls on.
    public var day: Day { Day(number: Int(milliseconds.floorDivided(by: 86_400_000))) }

    /// Orders by time.
    public static func < (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds < b.milliseconds }

    /// The moment `duration` later; fractions of a millisecond are dropped.
    public static func + (a: Timestamp, duration: Duration) -> Timestamp {
        Timestamp(milliseconds: a.milliseconds + duration.milliseconds)
    }
}

extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC with milliseconds: `2026-11-21T10:30:00.000Z`.
    public var description: String {
        let (year, month, day) = day.civil
        let inDay = milliseconds - self.day.start.milliseconds
        var text: [UInt8] = []
        text.reserveCapacity(24)
        func add(_ number: Int64, _ width: Int, _ end: Unicode.Scalar) {
            text.append(padded: number, to: width)
            text.append(UInt8(ascii: end))
        }
        add(Int64(year), 4, "-")
        add(Int64(month), 2, "-")
        add(Int64(day), 2, "T")
        add(inDay / 3_600_000, 2, ":")
        add(inDay / 60_000 % 60, 2, ":")
        add(inDay / 1000 % 60, 2, ".")
        add(inDay % 1000, 3, "Z")
        return String(decoding: text, as: UTF8.self)
    }
}

extension Timestamp {
    /// Reads RFC 3339, `YYYY-MM-DDTHH:MM:SS[.fff]` and `Z` or the distance from UTC, `+HH:MM`; nil for what is no time.
    ///
    /// Below a millisecond it is cut off.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes[10] | 0x20 == UInt8(ascii: "t"), bytes[13] == UInt8(ascii: ":"),
            bytes[16] == UInt8(ascii: ":"), let day = Day(String(decoding: bytes[..<10], as: UTF8.self)),
            let zone = Self.zone(of: bytes), let fraction = Self.fraction(in: bytes[19..<zone.start]),
            let hour = Self.twoDigits(bytes, at: 11), let minute = Self.twoDigits(bytes, at: 14),
            let second = Self.twoDigits(bytes, at: 17), hour < 24, minute < 60, second <= 60
        else { return nil }
        let minutes = hour * 60 + minute - zone.minutes
        self.init(milliseconds: day.start.milliseconds + (minutes * 60 + second) * 1000 + fraction)
    }

    /// Where the zone begins, and how far it is ahead of UTC.
    private static func zone(of bytes: [UInt8]) -> (start: Int, minutes: Int64)? {
        if let last = bytes.last, last | 0x20 == UInt8(ascii: "z") { return (bytes.count - 1, 0) }
        let start = bytes.count - 6
        guard start >= 19, bytes[start] == UInt8(ascii: "+") || bytes[start] == UInt8(ascii: "-"),
            bytes[start + 3] == UInt8(ascii: ":"), let hours = twoDigits(bytes, at: start + 1),
            let minutes = twoDigits(bytes, at: start + 4), hours < 24, minutes < 60
        else { return nil }
        let distance = hours * 60 + minutes
        return (start, bytes[start] == UInt8(ascii: "-") ? -distance : distance)
    }

    /// Milliseconds of `.fff`, or of nothing at all.
    private static func fraction(in bytes: ArraySlice<UInt8>) -> Int64? {
        guard let point = bytes.first else { return 0 }
        let digits = bytes.dropFirst()
        guard point == UInt8(ascii: "."), !digits.isEmpty, digits.allSatisfy(isDigit) else { return nil }
        return (0..<3).reduce(0) { sum, place in
            let index = digits.startIndex + place
            return sum * 10 + (index < digits.endIndex ? Int64(digits[index] - UInt8(ascii: "0")) : 0)
        }
    }

    private static func twoDigits(_ bytes: [UInt8], at offset: Int) -> Int64? {
        guard isDigit(bytes[offset]), isDigit(bytes[offset + 1]) else { return nil }
        return Int64(bytes[offset] - UInt8(ascii: "0")) * 10 + Int64(bytes[offset + 1] - UInt8(ascii: "0"))
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}

/// A UTC calendar day of the proleptic Gregorian calendar.
public struct Day: Sendable, Hashable, Comparable {
    /// Days since 1970-01-01.
    public var number: Int

    /// Wraps a count of days since 1970-01-01.
    public init(number: Int) {
        self.number = number
    }

    /// Reads `YYYY-MM-DD`; nil for anything else and for days that no calendar has.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        // `Int` would take a sign in place of a digit.
        guard text.utf8.count == 10, !text.contains("+"), parts.count == 3, parts[0].utf8.count == 4,
            parts[1].utf8.count == 2,
            let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2]),
            (1...12).contains(month), day >= 1
        else { return nil }
        self.init(year: year, month: month, day: day)
        let (y, m, d) = civil
        guard (y, m, d) == (year, month, day) else { return nil }
    }

    /// Counts the days of a civil date; the algorithm shifts the year to begin in March, so leap days come last.
    init(year: Int, month: Int, day: Int) {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted.floorDivided(by: 400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        number = era * 146_097 + dayOfEra - 719_468
    }

    /// Year, month from 1, day from 1.
    public var civil: (year: Int, month: Int, day: Int) {
        let shifted = number + 719_468
        let era = shifted.floorDivided(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    /// The first moment of the day.
    public var start: Timestamp { Timestamp(milliseconds: Int64(number) * 86_400_000) }

    /// Orders by date.
    public static func < (a: Day, b: Day) -> Bool { a.number < b.number }
}

extension Day: CustomStringConvertible {
    /// `YYYY-MM-DD`.
    public var description: String {
        let (year, month, day) = civil
        var text: [UInt8] = []
        text.append(padded: Int64(year), to: 4)
        text.append(UInt8(ascii: "-"))
        text.append(padded: Int64(month), to: 2)
        text.append(UInt8(ascii: "-"))
        text.append(padded: Int64(day), to: 2)
        return String(decoding: text, as: UTF8.self)
    }
}

extension BinaryInteger {
    /// Division that rounds towards minus infinity; `divisor` is positive.
    fileprivate func floorDivided(by divisor: Self) -> Self {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}

extension [UInt8] {
    /// Adds a number's decimal digits, with zeros before them where they are fewer than `width`.
    fileprivate mutating func append(padded number: Int64, to width: Int) {
        let digits = String(number).utf8
        for _ in 0..<Swift.max(0, width - digits.count) { append(UInt8(ascii: "0")) }
        append(contentsOf: digits)
    }
}

extension Duration {
    /// Whole milliseconds, fractions dropped.
    public var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }

    /// Whole seconds, rounded up: what `Retry-After` may say without inviting a call too early.
    public var roundedUpSeconds: Int64 {
        components.seconds + (components.attoseconds > 0 ? 1 : 0)
    }
}
