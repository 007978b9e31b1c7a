/// An opaque name of one record: a type prefix, `_`, and 26 characters whose order is the order of creation.
///
/// The body is a ULID (48 bits of milliseconds, 80 random bits, Crockford's base 32, lower case), so lists can use an id as cursor.
package protocol RecordID: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// What stands before `_`: `job`, `img`, …
    static var prefix: String { get }
    /// The whole name.
    var text: String { get }
    /// Wraps a name without looking at it; for names that come from the store.
    init(trusted text: String)
}

extension RecordID {
    /// A fresh name for something created at `time`; `random` is drawn by the caller.
    package init(time: Timestamp, random: (UInt64, UInt64)) {
        self.init(trusted: Self.prefix + "_" + ULID.text(milliseconds: time.milliseconds, random: random))
    }

    /// Accepts a name that a caller sent; nil unless it has this type's prefix and a body of the right form.
    package init?(_ text: some StringProtocol) {
        let name = String(text)
        guard ULID.isWellFormed(name.utf8.span, after: Self.prefix) else { return nil }
        self.init(trusted: name)
    }

    package var description: String { text }

    package static func < (a: Self, b: Self) -> Bool { a.text < b.text }
}

/// Names one image request from acceptance to its end.
package struct JobID: RecordID {
    package static let prefix = "job"
    package let text: String
    package init(trusted text: String) { self.text = text }
}

/// Names one stored picture.
package struct ImageID: RecordID {
    package static let prefix = "img"
    package let text: String
    package init(trusted text: String) { self.text = text }
}

/// Names one account holder.
package struct UserID: RecordID {
    package static let prefix = "usr"
    package let text: String
    package init(trusted text: String) { self.text = text }
}

/// Names one API key; it is no part of the secret.
package struct KeyID: RecordID {
    package static let prefix = "key"
    package let text: String
    package init(trusted text: String) { self.text = text }
}

/// Names one HTTP request; a caller may bring its own.
package struct RequestID: RecordID {
    package static let prefix = "req"
    package let text: String
    package init(trusted text: String) { self.text = text }
}

/// The time-ordered body of every id.
enum ULID {
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
    static let length = 26

    static func text(milliseconds: Int64, random: (UInt64, UInt64)) -> String {
        unsafe String(unsafeUninitializedCapacity: length) { buffer in
            var time = UInt64(bitPattern: milliseconds)
            for index in stride(from: 9, through: 0, by: -1) {
                unsafe buffer[index] = alphabet[Int(time & 31)]
                time >>= 5
            }
            var (high, low) = random
            for index in 10..<18 {
                unsafe buffer[index] = alphabet[Int(high & 31)]
                high >>= 5
            }
            for index in 18..<26 {
                unsafe buffer[index] = alphabet[Int(low & 31)]
                low >>= 5
            }
            return length
        }
    }

    /// Whether a name is a prefix, `_` and a body.
    static func isWellFormed(_ name: borrowing Span<UInt8>, after prefix: String) -> Bool {
        let start = prefix.utf8.count + 1
        guard name.count == start + length, name[start - 1] == UInt8(ascii: "_") else { return false }
        var index = 0
        for byte in prefix.utf8 {
            guard name[index] == byte else { return false }
            index += 1
        }
        for index in start..<name.count where !isDigit(name[index]) { return false }
        return true
    }

    /// The alphabet's letters leave out i, l, o and u.
    private static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "h"),
            UInt8(ascii: "j"), UInt8(ascii: "k"), UInt8(ascii: "m"), UInt8(ascii: "n"),
            UInt8(ascii: "p")...UInt8(ascii: "t"), UInt8(ascii: "v")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}
