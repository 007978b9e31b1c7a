/// As much of ASN.1's distinguished encoding (X.690) as public keys and signatures need.
enum DER {
    private static let integerTag: UInt8 = 0x02
    private static let bitStringTag: UInt8 = 0x03
    private static let sequenceTag: UInt8 = 0x30

    static let null: [UInt8] = [0x05, 0x00]
    /// Object identifiers, encoded: RFC 8017 appendix C, RFC 5480 section 2.1.1.
    static let rsaEncryption: [UInt8] = [0x06, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01]
    static let ellipticCurveKey: [UInt8] = [0x06, 7, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01]
    static let curveP256: [UInt8] = [0x06, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07]

    static func sequence(_ parts: [UInt8]...) -> [UInt8] { tagged(sequenceTag, Array(parts.joined())) }

    static func bitString(_ bytes: [UInt8]) -> [UInt8] { tagged(bitStringTag, [0] + bytes) }

    /// A number that is not negative, its most significant byte first.
    static func integer(_ bytes: [UInt8]) -> [UInt8] {
        let digits = Array(bytes.drop { $0 == 0 })
        // The first bit is the sign.
        return tagged(integerTag, digits.first.map { $0 >= 0x80 } ?? true ? [0] + digits : digits)
    }

    private static func tagged(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        guard content.count >= 0x80 else { return [tag, UInt8(content.count)] + content }
        var length: [UInt8] = []
        var rest = content.count
        while rest > 0 {
            length.insert(UInt8(rest & 0xFF), at: 0)
            rest >>= 8
        }
        return [tag, 0x80 | UInt8(length.count)] + length + content
    }

    /// The two numbers of a sequence, each padded to `width` bytes; nil for anything else.
    static func pair(in bytes: [UInt8], width: Int) -> [UInt8]? {
        guard bytes.count >= 2, bytes[0] == sequenceTag, bytes[1] < 0x80, Int(bytes[1]) == bytes.count - 2 else {
            return nil
        }
        var rest = bytes[2...]
        var numbers: [UInt8] = []
        for _ in 0..<2 {
            guard rest.popFirst() == integerTag, let count = rest.popFirst(), Int(count) <= rest.count else {
                return nil
            }
            let digits = rest.prefix(Int(count)).drop { $0 == 0 }
            rest = rest.dropFirst(Int(count))
            guard digits.count <= width else { return nil }
            numbers += Array(repeating: 0, count: width - digits.count) + digits
        }
        return rest.isEmpty ? numbers : nil
    }
}
