/// The inside of a JSON string: finding its end, and turning it into text (RFC 8259 section 7).
package enum JSONStringLiteral {
    /// The index, from `start`, of the first byte that is a quote, a backslash or a control character; `bytes.count` if
    /// there is none. Looks at eight bytes at a time.
    package static func plainEnd(_ bytes: Span<UInt8>, from start: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        let raw = unsafe bytes.bytes
        var index = start
        while index &+ 8 <= bytes.count {
            let word = unsafe raw.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian
            // Classic zero-byte tests; a false positive can only stand behind (above) a true one.
            let quote = word ^ (ones &* 0x22)
            let slash = word ^ (ones &* 0x5C)
            let found =
                ((quote &- ones) & ~quote | (slash &- ones) & ~slash | (word &- (ones &* 0x20)) & ~word) & highs
            if found != 0 { return index &+ found.trailingZeroBitCount / 8 }
            index &+= 8
        }
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { return index }
            index &+= 1
        }
        return index
    }

    /// The text of a string literal, given without its quotes; `offset` is where it starts, for error messages.
    package static func decode(
        _ raw: Span<UInt8>,
        at offset: Int,
        limits: JSONLimits
    ) throws(JSONError) -> String {
        let text: String
        do {
            // Escapes are ASCII and stand for whole characters, so the raw literal is valid exactly if the result is.
            text = String(copying: try UTF8Span(validating: raw))
        } catch {
            throw JSONError(.invalidUTF8, at: offset + error.byteOffsets.lowerBound, "a string is not valid UTF-8")
        }
        var index = plainEnd(raw, from: 0)
        guard index < raw.count else { return text }

        var plain: [UInt8] = []
        plain.reserveCapacity(raw.count)
        var copied = 0
        while index < raw.count {
            guard raw[index] == UInt8(ascii: "\\") else {
                throw JSONError(.syntax, at: offset + index, "a string holds an unescaped control character")
            }
            plain.append(raw.extracting(copied..<index))
            index = try decodeEscape(raw, index, offset, limits, into: &plain)
            copied = index
            index = plainEnd(raw, from: index)
        }
        plain.append(raw.extracting(copied..<raw.count))
        return String(decoding: plain, as: UTF8.self)
    }

    /// Appends what the escape at `start` stands for and returns the index behind it.
    private static func decodeEscape(
        _ raw: Span<UInt8>,
        _ start: Int,
        _ offset: Int,
        _ limits: JSONLimits,
        into plain: inout [UInt8]
    ) throws(JSONError) -> Int {
        guard start + 1 < raw.count else { throw JSONError(.syntax, at: offset + start, "a string ends in an escape") }
        if let byte = simpleEscape(raw[start + 1]) {
            plain.append(byte)
            return start + 2
        }
        guard raw[start + 1] == UInt8(ascii: "u"), let unit = hexUnit(raw, at: start + 2) else {
            throw JSONError(.syntax, at: offset + start, "a string holds an invalid escape")
        }
        var value = UInt32(unit)
        var end = start + 6
        if (0xD800..<0xE000).contains(unit) {
            guard unit < 0xDC00, end + 1 < raw.count, raw[end] == UInt8(ascii: "\\"), raw[end + 1] == UInt8(ascii: "u"),
                let low = hexUnit(raw, at: end + 2), (0xDC00..<0xE000).contains(low)
            else { throw JSONError(.surrogate, at: offset + start, "a string holds half of a surrogate pair") }
            value = 0x10000 + (UInt32(unit - 0xD800) << 10 | UInt32(low - 0xDC00))
            end += 6
        }
        if value == 0, !limits.allowsNUL { throw JSONError(.nul, at: offset + start, "a string holds U+0000") }
        guard let scalar = Unicode.Scalar(value) else { preconditionFailure("surrogates were dealt with above") }
        plain.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        return end
    }

    /// What a two-character escape stands for, by its second character; `nil` for `u` and for what is no escape.
    package static func simpleEscape(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): byte
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        default: nil
        }
    }

    /// The value of a hexadecimal digit, else `nil`.
    package static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private static func hexUnit(_ raw: Span<UInt8>, at start: Int) -> UInt16? {
        guard start + 4 <= raw.count else { return nil }
        var unit: UInt16 = 0
        for index in start..<start + 4 {
            guard let digit = hexDigit(raw[index]) else { return nil }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }
}
