/// A baseline JPEG (ITU-T T.81) of one colour, three components at full resolution.
///
/// The codes are chosen so that "same as before" is all zero bits: behind the first block the scan is zeros alone.
func flatJPEG(width: Int, height: Int, _ color: FlatColor, note: String, padding: Int) -> [UInt8] {
    let red = Double(color.red)
    let green = Double(color.green)
    let blue = Double(color.blue)
    // JFIF's colour space; the level shift by 128 makes the DC coefficient of a flat block 8 · (value - 128).
    let levels = [
        0.299 * red + 0.587 * green + 0.114 * blue - 128,
        -0.1687 * red - 0.3313 * green + 0.5 * blue,
        0.5 * red - 0.4187 * green - 0.0813 * blue,
    ].map { min(127, max(-128, Int($0.rounded()))) }

    var file: [UInt8] = [0xFF, 0xD8]
    file.appendSegment(0xE0, Array("JFIF\0".utf8) + [1, 1, 0, 0, 1, 0, 1, 0, 0])
    file.appendSegment(0xFE, Array(note.utf8))
    var filling = [UInt8].pattern(padding)[...]
    while !filling.isEmpty {
        file.appendSegment(0xFE, Array(filling.prefix(60_000)))
        filling = filling.dropFirst(60_000)
    }
    file.appendSegment(0xDB, [0] + [UInt8](repeating: 8, count: 64))
    var frame: [UInt8] = [8]
    frame.appendBig16(height)
    frame.appendBig16(width)
    file.appendSegment(0xC0, frame + [3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0])
    // DC: twelve codes of four bits, categories 0...11 in order. AC: one code of one bit, the end of the block.
    file.appendSegment(0xC4, [0x00, 0, 0, 0, 12] + [UInt8](repeating: 0, count: 12) + Array(0...11))
    file.appendSegment(0xC4, [0x10, 1] + [UInt8](repeating: 0, count: 15) + [0x00])
    file.appendSegment(0xDA, [3, 1, 0x00, 2, 0x00, 3, 0x00, 0, 63, 0])
    file += flatScan(levels: levels, blocks: (width + 7) / 8 * ((height + 7) / 8))
    return file + [0xFF, 0xD9]
}

private func flatScan(levels: [Int], blocks: Int) -> [UInt8] {
    var bits: [UInt8] = []
    for level in levels {
        let magnitude = abs(level)
        let category = Int.bitWidth - magnitude.leadingZeroBitCount
        bits += (0..<4).reversed().map { UInt8(category >> $0 & 1) }
        let value = level < 0 ? level + (1 << category) - 1 : level
        bits += (0..<category).reversed().map { UInt8(value >> $0 & 1) }
        bits.append(0)
    }
    let total = bits.count + (blocks - 1) * 3 * 5
    bits += [UInt8](repeating: 0, count: min((8 - bits.count % 8) % 8, total - bits.count))
    // T.81 section F.1.2.3: the last byte is filled up with ones.
    bits += [UInt8](repeating: 1, count: (8 - bits.count % 8) % 8)
    var scan: [UInt8] = []
    for start in stride(from: 0, to: bits.count, by: 8) {
        let byte = bits[start..<start + 8].reduce(0) { $0 << 1 | $1 }
        scan.append(byte)
        if byte == 0xFF { scan.append(0) }
    }
    let rest = total - bits.count
    guard rest > 0 else { return scan }
    scan += [UInt8](repeating: 0, count: rest / 8)
    if rest % 8 > 0 { scan.append(0xFF >> (rest % 8)) }
    return scan
}

extension [UInt8] {
    fileprivate mutating func appendSegment(_ marker: UInt8, _ data: [UInt8]) {
        append(contentsOf: [0xFF, marker])
        appendBig16(data.count + 2)
        append(contentsOf: data)
    }
}
