import Orchestrator

/// HMAC-SHA-256 (RFC 2104) in lower-case hex, as payment vendors sign their announcements.
package enum PaymentCode {
    package static func hex(_ message: [UInt8], key: String) -> String { hex(message, key: Array(key.utf8)) }

    package static func hex(_ message: [UInt8], key: [UInt8]) -> String {
        var block = key
        if block.count > 64 { block = bytes(SHA256.hex(block)) }
        block += [UInt8](repeating: 0, count: 64 - block.count)
        let inner = bytes(SHA256.hex(block.map { $0 ^ 0x36 } + message))
        return SHA256.hex(block.map { $0 ^ 0x5C } + inner)
    }

    /// The code itself, 32 bytes.
    package static func code(_ message: [UInt8], key: [UInt8]) -> [UInt8] { bytes(hex(message, key: key)) }

    private static func bytes(_ hex: String) -> [UInt8] {
        stride(from: 0, to: hex.utf8.count, by: 2).compactMap { offset in
            let start = hex.index(hex.startIndex, offsetBy: offset)
            return UInt8(hex[start...].prefix(2), radix: 16)
        }
    }
}

/// `application/x-www-form-urlencoded` as it was sent.
enum FormFields {
    static func read(_ body: [UInt8]) -> [String: String] {
        var fields: [String: String] = [:]
        for pair in String(decoding: body, as: UTF8.self).split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            fields[text(parts[0])] = parts.count == 2 ? text(parts[1]) : ""
        }
        return fields
    }

    private static func text(_ escaped: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(escaped.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "+") {
                bytes.append(UInt8(ascii: " "))
            } else if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
