/// Encodes bytes that arrive in pieces of any size as base64 with padding.
package struct Base64Encoder: Sendable {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// Bytes, at most two, that do not make four digits yet; the first one highest.
    private var carry: UInt32 = 0
    private var carryCount = 0

    package init() {}

    /// Appends the digits that the next bytes complete.
    package mutating func encode(_ bytes: Span<UInt8>, into text: inout [UInt8]) {
        var index = 0
        while index < bytes.count, carryCount > 0 {
            take(bytes[index], into: &text)
            index += 1
        }
        index += Base64Kernel.encode(bytes.extracting(index..<bytes.count), into: &text)
        while index < bytes.count {
            take(bytes[index], into: &text)
            index += 1
        }
    }

    /// Ends the bytes: appends the last digits and the padding, and makes the encoder ready for other bytes.
    package mutating func finish(into text: inout [UInt8]) {
        guard carryCount > 0 else { return }
        let digitCount = carryCount + 1
        carry <<= carryCount == 1 ? 16 : 8
        appendDigits(digitCount, into: &text)
        for _ in digitCount..<4 { text.append(UInt8(ascii: "=")) }
        carry = 0
        carryCount = 0
    }

    private mutating func take(_ byte: UInt8, into text: inout [UInt8]) {
        carry = carry << 8 | UInt32(byte)
        carryCount += 1
        guard carryCount == 3 else { return }
        appendDigits(4, into: &text)
        carry = 0
        carryCount = 0
    }

    /// Appends the first digits of the 24 bits in `carry`.
    private func appendDigits(_ count: Int, into text: inout [UInt8]) {
        for digit in 0..<count { text.append(Base64Encoder.alphabet[Int(carry >> (18 - 6 * digit) & 63)]) }
    }
}
