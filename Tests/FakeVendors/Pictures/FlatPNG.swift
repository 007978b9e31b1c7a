import Orchestrator

/// A PNG (W3C PNG, third edition) of one colour with eight bits a channel: RGB, or RGBA when the colour has alpha.
func flatPNG(width: Int, height: Int, _ color: FlatColor, note: String, padding: Int) -> [UInt8] {
    let pixel = [color.red, color.green, color.blue] + (color.alpha.map { [$0] } ?? [])
    var header: [UInt8] = []
    header.appendBig32(width)
    header.appendBig32(height)
    header += [8, color.alpha == nil ? 2 : 6, 0, 0, 0]

    var data = FlatZlib()
    // The first row states its first pixel and repeats it (filter Sub); each other row repeats the row above (Up).
    data.append(1)
    pixel.forEach { data.append($0) }
    data.appendZeros((width - 1) * pixel.count)
    data.append(rows: height - 1, of: 2, zeros: width * pixel.count)

    var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    file.appendChunk("IHDR", header)
    file.appendChunk("tEXt", Array("Comment\0\(note)".utf8))
    // A private ancillary chunk, safe to copy: readers skip it.
    if padding > 0 { file.appendChunk("fiLl", .pattern(padding)) }
    file.appendChunk("IDAT", data.finish())
    file.appendChunk("IEND", [])
    return file
}

extension [UInt8] {
    fileprivate mutating func appendChunk(_ type: String, _ data: [UInt8]) {
        appendBig32(data.count)
        let body = Array(type.utf8) + data
        append(contentsOf: body)
        var checksum = CRC32()
        checksum.update(body.span)
        appendBig32(Int(checksum.value))
    }
}

/// A zlib stream (RFC 1950, 1951) for data that is nearly all zeros, in one block of fixed codes.
private struct FlatZlib {
    private var bytes: [UInt8] = [0x78, 0x01]
    private var pending: UInt32 = 0
    private var pendingCount: UInt32 = 0
    private var low = 1
    private var high = 0

    /// RFC 1951 section 3.2.5: the shortest length of each length symbol from 257 on, and its count of extra bits.
    private static let lengths: [(base: Int, extra: UInt32)] = [
        (3, 0), (4, 0), (5, 0), (6, 0), (7, 0), (8, 0), (9, 0), (10, 0), (11, 1), (13, 1), (15, 1), (17, 1), (19, 2),
        (23, 2), (27, 2), (31, 2), (35, 3), (43, 3), (51, 3), (59, 3), (67, 4), (83, 4), (99, 4), (115, 4), (131, 5),
        (163, 5), (195, 5), (227, 5), (258, 0),
    ]

    init() {
        put(1, 1)  // the last block
        put(1, 2)  // fixed codes
    }

    mutating func append(_ byte: UInt8) {
        putSymbol(Int(byte))
        sum(byte)
    }

    mutating func appendZeros(_ count: Int) {
        guard count > 0 else { return }
        putSymbol(0)
        var rest = count - 1
        while rest >= 3 {
            let length = min(rest, 258)
            let index = FlatZlib.lengths.lastIndex { $0.base <= length } ?? 0
            putSymbol(257 + index)
            put(UInt32(length - FlatZlib.lengths[index].base), FlatZlib.lengths[index].extra)
            put(0, 5)  // the distance code of 1: repeat the byte before
            rest -= length
        }
        for _ in 0..<rest { putSymbol(0) }
        sumZeros(count)
    }

    /// Appends rows that are all alike: a byte and zeros behind it.
    ///
    /// Eight rows end at the bit of a byte where they began, so the bytes that the second eight came to are repeated as
    /// they are. Made bit by bit, a picture took some hundred thousand calls into unspecialised code of the standard
    /// library. With the thread sanitizer on, the Swift runtime takes a lock of the whole process for each of them
    /// (`swift_once` never takes its fast path then), and vendors that drew at the same time stood in line until the
    /// daemon's time for them was up.
    mutating func append(rows: Int, of byte: UInt8, zeros: Int) {
        let repeats = max(rows / 8 - 2, 0)
        appendEach(of: min(rows, 8), byte, zeros: zeros)
        let start = bytes.count
        appendEach(of: min(max(rows - 8, 0), 8), byte, zeros: zeros)
        let eight = bytes[start...]
        for _ in 0..<repeats { bytes += eight }
        for _ in 0..<repeats * 8 {
            sum(byte)
            sumZeros(zeros)
        }
        appendEach(of: max(rows - 16, 0) - repeats * 8, byte, zeros: zeros)
    }

    private mutating func appendEach(of rows: Int, _ byte: UInt8, zeros: Int) {
        for _ in 0..<rows {
            append(byte)
            appendZeros(zeros)
        }
    }

    /// Adler-32 (RFC 1950 section 8.2).
    private mutating func sum(_ byte: UInt8) {
        low = (low + Int(byte)) % 65_521
        high = (high + low) % 65_521
    }

    /// Over zeros the first sum stays, the second grows by it each time.
    private mutating func sumZeros(_ count: Int) {
        high = (high + low * (count % 65_521)) % 65_521
    }

    mutating func finish() -> [UInt8] {
        putSymbol(256)
        if pendingCount > 0 { put(0, 8 - pendingCount) }
        bytes.appendBig32(high << 16 | low)
        return bytes
    }

    /// RFC 1951 section 3.2.6: the fixed code of a literal or length symbol, its highest bit first.
    private mutating func putSymbol(_ symbol: Int) {
        let (code, length): (Int, UInt32) =
            switch symbol {
            case ..<144: (0x30 + symbol, 8)
            case ..<256: (0x190 + symbol - 144, 9)
            case ..<280: (symbol - 256, 7)
            default: (0xC0 + symbol - 280, 8)
            }
        var reversed: UInt32 = 0
        for bit in 0..<length { reversed |= UInt32(code >> bit & 1) << (length - 1 - bit) }
        put(reversed, length)
    }

    private mutating func put(_ value: UInt32, _ count: UInt32) {
        pending |= value << pendingCount
        pendingCount += count
        while pendingCount >= 8 {
            bytes.append(UInt8(truncatingIfNeeded: pending))
            pending >>= 8
            pendingCount -= 8
        }
    }
}
