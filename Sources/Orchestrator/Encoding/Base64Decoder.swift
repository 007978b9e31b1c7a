/// Decodes base64 that arrives in pieces of any size, strictly: only the standard alphabet, padding at the end or none.
///
/// Bits that the last digit has too many are ignored, as every other decoder does.
package struct Base64Decoder: Sendable {
    /// Digits, at most three, that do not make whole bytes yet: six bits each, the first one highest.
    private var carry: UInt32 = 0
    private var carryCount = 0
    private var paddingCount = 0
    private var offset = 0

    package init() {}

    /// Appends the bytes that the next piece of text completes.
    ///
    /// When it throws, the bytes before the mistake have been appended and the decoder is of no further use.
    package mutating func decode(_ text: Span<UInt8>, into bytes: inout [UInt8]) throws(Base64Error) {
        var index = 0
        while index < text.count {
            if carryCount == 0, paddingCount == 0, text.count - index >= Base64Kernel.decodedAtOnce {
                index += Base64Kernel.decode(text.extracting(index..<text.count), into: &bytes)
                guard index < text.count else { break }
            }
            try take(text[index], at: offset + index, into: &bytes)
            index += 1
        }
        offset += text.count
    }

    /// Ends the text, appending what unpadded digits are left; throws if it stops in the middle of a byte or of its
    /// padding.
    package mutating func finish(into bytes: inout [UInt8]) throws(Base64Error) {
        guard carryCount != 1, paddingCount == 0 || carryCount == 0 else { throw Base64Error.truncated }
        appendRest(into: &bytes)
        carryCount = 0
    }

    private mutating func take(_ byte: UInt8, at offset: Int, into bytes: inout [UInt8]) throws(Base64Error) {
        let value = Base64.value(of: byte)
        if value < 64, paddingCount == 0 {
            carry = carry << 6 | UInt32(value)
            carryCount += 1
            guard carryCount == 4 else { return }
            bytes.append(UInt8(truncatingIfNeeded: carry >> 16))
            bytes.append(UInt8(truncatingIfNeeded: carry >> 8))
            bytes.append(UInt8(truncatingIfNeeded: carry))
            carryCount = 0
            return
        }
        // The first padding byte writes what is left; a second one is due only behind two digits.
        guard byte == UInt8(ascii: "="), carryCount == 3 || carryCount == 2 else {
            throw Base64Error.invalidByte(byte, offset: offset)
        }
        if paddingCount == 0 { appendRest(into: &bytes) }
        paddingCount += 1
        if carryCount + paddingCount == 4 { carryCount = 0 }
    }

    /// Appends the whole bytes in the digits at hand.
    private func appendRest(into bytes: inout [UInt8]) {
        let bits = carry << (24 - 6 * UInt32(carryCount))
        if carryCount >= 2 { bytes.append(UInt8(truncatingIfNeeded: bits >> 16)) }
        if carryCount == 3 { bytes.append(UInt8(truncatingIfNeeded: bits >> 8)) }
    }
}
