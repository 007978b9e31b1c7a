import Orchestrator

/// Writes a PNG of at most 256 colours, row by row; equal rows in give equal bytes out.
///
/// It compresses runs of one colour and nothing else (fixed Huffman codes and distance 1 of RFC 1951): a hundred lines
/// that shrink flat drawings to one per cent, where a general compressor would be a dependency.
struct PNGEncoder {
    /// One colour in sRGB, opaque unless told.
    struct Color: Equatable {
        var red: UInt8
        var green: UInt8
        var blue: UInt8
        var alpha: UInt8 = 255
    }

    private let width: Int
    private let height: Int
    private let palette: [Color]
    private var deflated = BitWriter()
    private var checksum = Adler32()
    private var run: (byte: UInt8, count: Int) = (0, 0)

    init(width: Int, height: Int, palette: [Color]) {
        precondition(width > 0 && height > 0 && (1...256).contains(palette.count))
        self.width = width
        self.height = height
        self.palette = palette
        deflated.append(0x0178, count: 16)  // zlib header: 32 KiB window, no preset dictionary, fastest
        deflated.append(0b011, count: 3)  // the last block; fixed codes
    }

    /// Adds the next row, top first: one index into the palette per pixel.
    mutating func append(_ row: [UInt8]) {
        precondition(row.count == width)
        checksum.update([0])
        checksum.update(row)
        take(0, 1)  // filter type: none
        var start = 0
        while start < row.count {
            var end = start + 1
            while end < row.count, row[end] == row[start] { end += 1 }
            take(row[start], end - start)
            start = end
        }
    }

    /// The whole file, once all rows are in.
    mutating func finish() -> [UInt8] {
        flush()
        deflated.appendCode(0, count: 7)  // symbol 256: end of block
        var data = deflated.finish()
        data.append(contentsOf: bigEndian(checksum.value))

        var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        // Eight bits a pixel, palette, and the only compression, filter and order that there are.
        appendChunk("IHDR", bigEndian(UInt32(width)) + bigEndian(UInt32(height)) + [8, 3, 0, 0, 0], to: &file)
        appendChunk("PLTE", palette.flatMap { [$0.red, $0.green, $0.blue] }, to: &file)
        if let last = palette.lastIndex(where: { $0.alpha < 255 }) {
            appendChunk("tRNS", palette[...last].map(\.alpha), to: &file)
        }
        appendChunk("IDAT", data, to: &file)
        appendChunk("IEND", [], to: &file)
        return file
    }

    private mutating func take(_ byte: UInt8, _ count: Int) {
        if run.byte != byte { flush() }
        run = (byte, run.count + count)
    }

    /// Writes the run at hand: its first byte, then copies of the byte before.
    private mutating func flush() {
        var count = run.count
        run.count = 0
        guard count > 0 else { return }
        appendLiteral(run.byte)
        count -= 1
        while count >= 3 {
            let length = min(count, 258)
            appendCopy(length)
            count -= length
        }
        for _ in 0..<count { appendLiteral(run.byte) }
    }

    /// RFC 1951 section 3.2.6.
    private mutating func appendLiteral(_ byte: UInt8) {
        if byte < 144 {
            deflated.appendCode(0x30 + UInt32(byte), count: 8)
        } else {
            deflated.appendCode(0x190 + UInt32(byte) - 144, count: 9)
        }
    }

    /// Repeats the last byte 3...258 times: a length symbol (RFC 1951 section 3.2.5), then distance 1.
    private mutating func appendCopy(_ length: Int) {
        var (symbol, extraBits, extra) = (UInt32(285), 0, 0)
        if length < 258 {
            // Four symbols for each doubling, the first eight without extra bits.
            let offset = length - 3
            extraBits = max(0, Int.bitWidth - offset.leadingZeroBitCount - 3)
            symbol = UInt32(257 + extraBits * 4 + offset >> extraBits)
            extra = offset & ((1 << extraBits) - 1)
        }
        if symbol < 280 {
            deflated.appendCode(symbol - 256, count: 7)
        } else {
            deflated.appendCode(0xC0 + symbol - 280, count: 8)
        }
        deflated.append(UInt32(extra), count: extraBits)
        deflated.append(0, count: 5)  // distance symbol 0 stands for 1
    }

    private func appendChunk(_ type: String, _ payload: [UInt8], to file: inout [UInt8]) {
        let body = Array(type.utf8) + payload
        var crc = CRC32()
        crc.update(body.span)
        file += bigEndian(UInt32(payload.count)) + body + bigEndian(crc.value)
    }

    private func bigEndian(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}

/// Packs bits as RFC 1951 section 3.1.1 wants them: from the lowest bit of each byte up.
private struct BitWriter {
    private var bytes: [UInt8] = []
    private var pending: UInt64 = 0
    private var pendingCount = 0

    /// Appends a number, its lowest bit first.
    mutating func append(_ bits: UInt32, count: Int) {
        pending |= UInt64(bits) << UInt64(pendingCount)
        pendingCount += count
        while pendingCount >= 8 {
            bytes.append(UInt8(truncatingIfNeeded: pending))
            pending >>= 8
            pendingCount -= 8
        }
    }

    /// Appends a Huffman code, its highest bit first.
    mutating func appendCode(_ code: UInt32, count: Int) {
        var reversed: UInt32 = 0
        for bit in 0..<count where code >> bit & 1 == 1 { reversed |= 1 << (count - 1 - bit) }
        append(reversed, count: count)
    }

    /// The bytes, the last one filled up with zeros.
    mutating func finish() -> [UInt8] {
        append(0, count: (8 - pendingCount) % 8)
        return bytes
    }
}

/// The checksum at the end of a zlib stream (RFC 1950 section 8.2).
private struct Adler32 {
    private static let modulus: UInt32 = 65_521
    /// So many bytes can be added before the sums must be reduced to stay within 32 bits.
    private static let stride = 5552

    private var low: UInt32 = 1
    private var high: UInt32 = 0

    var value: UInt32 { high << 16 | low }

    mutating func update(_ bytes: [UInt8]) {
        var start = 0
        while start < bytes.count {
            let end = min(start + Adler32.stride, bytes.count)
            for index in start..<end {
                low &+= UInt32(bytes[index])
                high &+= low
            }
            low %= Adler32.modulus
            high %= Adler32.modulus
            start = end
        }
    }
}
