/// Base64 with the standard alphabet (RFC 4648 section 4), in one call; see `Base64Decoder` and `Base64Encoder` for streams.
public enum Base64 {
    /// The text of some bytes, padded.
    public static func encode(_ bytes: Span<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(encodedCount(of: bytes.count) + Base64Kernel.slack)
        var encoder = Base64Encoder()
        encoder.encode(bytes, into: &text)
        encoder.finish(into: &text)
        return text
    }

    /// The bytes that a text stands for; padding may be left out, white space may not occur.
    package static func decode(_ text: Span<UInt8>) throws(Base64Error) -> [UInt8] {
        var bytes: [UInt8] = []
        var decoder = Base64Decoder()
        try decoder.decode(text, into: &bytes)
        try decoder.finish(into: &bytes)
        return bytes
    }

    /// How long the padded text of so many bytes is.
    public static func encodedCount(of byteCount: Int) -> Int {
        (byteCount + 2) / 3 * 4
    }

    /// Whether a byte belongs to the alphabet, padding not counted.
    package static func isDigit(_ byte: UInt8) -> Bool {
        value(of: byte) < 64
    }

    /// The value, 0...63, of a byte of the alphabet; 255 for any other.
    static func value(of byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: 255
        }
    }
}

/// Why a text is no base64.
package enum Base64Error: Error, Sendable, Hashable {
    /// A byte outside the alphabet, or one behind the padding; the offset counts from the first byte of the text.
    case invalidByte(UInt8, offset: Int)
    /// The text ends with a single digit, or its padding is incomplete.
    case truncated
}
