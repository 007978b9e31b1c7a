/// The CRC-32 of PNG, zlib and Ethernet (reflected polynomial 0xEDB88320), computed eight bytes at a time.
package struct CRC32: Sendable {
    private var state = UInt32.max

    package init() {}

    /// The checksum of all bytes taken so far.
    package var value: UInt32 { ~state }

    /// Takes the next bytes.
    package mutating func update(_ bytes: Span<UInt8>) {
        let tables = CRC32.tables.span
        let raw = unsafe bytes.bytes
        var crc = state
        var index = 0
        while index &+ 8 <= bytes.count {
            let word = unsafe raw.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian ^ UInt64(crc)
            crc = tables[1792 | Int(truncatingIfNeeded: word & 0xFF)]
            crc ^= tables[1536 | Int(truncatingIfNeeded: (word >> 8) & 0xFF)]
            crc ^= tables[1280 | Int(truncatingIfNeeded: (word >> 16) & 0xFF)]
            crc ^= tables[1024 | Int(truncatingIfNeeded: (word >> 24) & 0xFF)]
            crc ^= tables[768 | Int(truncatingIfNeeded: (word >> 32) & 0xFF)]
            crc ^= tables[512 | Int(truncatingIfNeeded: (word >> 40) & 0xFF)]
            crc ^= tables[256 | Int(truncatingIfNeeded: (word >> 48) & 0xFF)]
            crc ^= tables[Int(truncatingIfNeeded: word >> 56)]
            index &+= 8
        }
        while index < bytes.count {
            crc = (crc >> 8) ^ tables[Int(UInt8(truncatingIfNeeded: crc) ^ bytes[index])]
            index &+= 1
        }
        state = crc
    }

    /// Eight tables of 256 entries: table k holds the effect of a byte that k further bytes follow.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var crc = UInt32(byte)
            for _ in 0..<8 { crc = (crc >> 1) ^ (crc & 1 == 1 ? 0xEDB8_8320 : 0) }
            tables[byte] = crc
        }
        for index in 256..<tables.count {
            let shorter = tables[index - 256]
            tables[index] = (shorter >> 8) ^ tables[Int(shorter & 0xFF)]
        }
        return tables
    }()
}
