/// Standard base64 with padding (RFC 4648 section 4), written apart from the daemon's, which it is used to check.
package enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 0xFF, count: 256)
        for (index, letter) in alphabet.enumerated() { values[Int(letter)] = UInt8(index) }
        return values
    }()

    package static func encode(_ bytes: [UInt8]) -> String {
        // A static constant costs a lock with each look, where the thread sanitizer is on.
        let alphabet = alphabet
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var index = 0
        while index < bytes.count {
            let second = index + 1 < bytes.count ? bytes[index + 1] : 0
            let third = index + 2 < bytes.count ? bytes[index + 2] : 0
            let word = Int(bytes[index]) << 16 | Int(second) << 8 | Int(third)
            text.append(alphabet[word >> 18])
            text.append(alphabet[word >> 12 & 63])
            text.append(index + 1 < bytes.count ? alphabet[word >> 6 & 63] : UInt8(ascii: "="))
            text.append(index + 2 < bytes.count ? alphabet[word & 63] : UInt8(ascii: "="))
            index += 3
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes; nil for any letter outside the alphabet, missing padding, or bits left over.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let values = values
        let letters = Array(text.utf8)
        guard letters.count % 4 == 0 else { return nil }
        let padding = letters.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        guard padding <= 2 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(letters.count / 4 * 3)
        var word = 0
        for index in 0..<(letters.count - padding) {
            let value = values[Int(letters[index])]
            guard value != 0xFF else { return nil }
            word = word << 6 | Int(value)
            if index % 4 == 3 {
                bytes.append(UInt8(truncatingIfNeeded: word >> 16))
                bytes.append(UInt8(truncatingIfNeeded: word >> 8))
                bytes.append(UInt8(truncatingIfNeeded: word))
                word = 0
            }
        }
        switch padding {
        case 1:
            guard word & 3 == 0 else { return nil }
            bytes.append(UInt8(truncatingIfNeeded: word >> 10))
            bytes.append(UInt8(truncatingIfNeeded: word >> 2))
        case 2:
            guard word & 15 == 0 else { return nil }
            bytes.append(UInt8(truncatingIfNeeded: word >> 4))
        default:
            break
        }
        return bytes
    }
}
