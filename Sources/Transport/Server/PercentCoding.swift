/// The percent-encoding of URLs (RFC 3986 section 2.1) and its form variant, where `+` is a space.
enum PercentCoding {
    /// Decodes a path once; nil for a broken escape, U+0000 or bytes that are not UTF-8.
    static func path(_ bytes: ArraySlice<UInt8>) -> String? {
        if !bytes.contains(0x25) { return valid(bytes) }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            if bytes[index] == 0x25 {
                guard let byte = escape(bytes, at: index), byte != 0 else { return nil }
                decoded.append(byte)
                index += 3
            } else {
                decoded.append(bytes[index])
                index += 1
            }
        }
        return valid(decoded[...])
    }

    /// Decodes a name or value of a query; a broken escape stands for itself, bad UTF-8 is repaired.
    static func form(_ bytes: ArraySlice<UInt8>) -> String {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            if bytes[index] == 0x25, let byte = escape(bytes, at: index) {
                decoded.append(byte)
                index += 3
            } else {
                decoded.append(bytes[index] == 0x2B ? 0x20 : bytes[index])
                index += 1
            }
        }
        return String(decoding: decoded, as: UTF8.self)
    }

    private static func valid(_ bytes: ArraySlice<UInt8>) -> String? {
        if bytes.contains(0) { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func escape(_ bytes: ArraySlice<UInt8>, at index: Int) -> UInt8? {
        guard index + 2 < bytes.endIndex, let high = bytes[index + 1].hexadecimalValue,
            let low = bytes[index + 2].hexadecimalValue
        else { return nil }
        return high << 4 | low
    }
}
