import Orchestrator
import Randomness

/// A PNG file whose container is sound, with random bytes for pixels.
enum Picture {
    static func png(seed: Int, dataBytes: Int) -> [UInt8] {
        var random = SeededRandom(seed: seed)
        var data: [UInt8] = []
        while data.count < dataBytes {
            let word = random.next()
            for shift in stride(from: 0, to: 64, by: 8) { data.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
        var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        file += chunk("IHDR", [0, 0, 0, 64, 0, 0, 0, 32, 8, 6, 0, 0, 0])
        file += chunk("IDAT", Array(data.prefix(dataBytes)))
        return file + chunk("IEND", [])
    }

    private static func chunk(_ type: String, _ payload: [UInt8]) -> [UInt8] {
        let body = Array(type.utf8) + payload
        var crc = CRC32()
        crc.update(body.span)
        return bigEndian(UInt32(payload.count)) + body + bigEndian(crc.value)
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}
