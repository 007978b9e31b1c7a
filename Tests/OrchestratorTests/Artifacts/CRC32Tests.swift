import Orchestrator
import Randomness
import Testing

@Suite struct CRC32Tests {
    // The first is the check value of the CRC catalogue, the last two were computed with zlib.
    static let known: [(String, UInt32)] = [
        ("123456789", 0xCBF4_3926), ("", 0), ("a", 0xE8B7_BE43),
        ("The quick brown fox jumps over the lazy dog", 0x414F_A339),
    ]

    @Test(arguments: known)
    func `known texts have their known checksums`(text: String, expected: UInt32) {
        var crc = CRC32()
        crc.update(text.utf8Span.span)
        #expect(crc.value == expected)
    }

    @Test func `pieces of any size give the checksum of the whole`() {
        var random = SeededRandom(seed: 3)
        let bytes = (0..<1000).map { _ in UInt8.random(in: 0...255, using: &random) }
        var whole = CRC32()
        whole.update(bytes.span)
        #expect(whole.value == bitwise(bytes))
        for size in [1, 3, 7, 8, 9, 500] {
            var pieced = CRC32()
            for start in stride(from: 0, to: bytes.count, by: size) {
                pieced.update(bytes.span.extracting(start..<min(start + size, bytes.count)))
            }
            #expect(pieced.value == whole.value)
        }
    }

    /// The definition, one bit at a time.
    private func bitwise(_ bytes: [UInt8]) -> UInt32 {
        var crc = UInt32.max
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = (crc >> 1) ^ (crc & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
        return ~crc
    }
}
