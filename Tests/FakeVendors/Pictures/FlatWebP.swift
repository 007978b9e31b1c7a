/// A lossless WebP (RFC 9649) of one colour: each channel has a code with a single symbol, so pixels take no bits at all.
func flatWebP(width: Int, height: Int, _ color: FlatColor, note: String, padding: Int) -> [UInt8] {
    var stream = BitWriter()
    stream.put(0x2F, 8)
    stream.put(UInt32(width - 1), 14)
    stream.put(UInt32(height - 1), 14)
    stream.put(color.alpha == nil ? 0 : 1, 1)
    stream.put(0, 3)  // version
    stream.put(0, 1)  // no transform
    stream.put(0, 1)  // no colour cache
    stream.put(0, 1)  // one group of codes for the whole picture
    for symbol in [color.green, color.red, color.blue, color.alpha ?? 0xFF, 0] {
        stream.put(1, 1)  // a simple code
        stream.put(0, 1)  // of one symbol
        stream.put(1, 1)  // written in eight bits
        stream.put(UInt32(symbol), 8)
    }
    var canvas: [UInt8] = [color.alpha == nil ? 0x04 : 0x14, 0, 0, 0]  // XMP, and alpha where there is some
    for edge in [width - 1, height - 1] { canvas += [0, 8, 16].map { UInt8(truncatingIfNeeded: edge >> $0) } }
    var chunks: [UInt8] = Array("WEBP".utf8)
    chunks.appendRIFF("VP8X", canvas)
    chunks.appendRIFF("VP8L", stream.finish())
    let rdf = "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><!--\(note)--></rdf:RDF>"
    chunks.appendRIFF("XMP ", Array("<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\(rdf)</x:xmpmeta>".utf8))
    if padding > 0 { chunks.appendRIFF("fill", .pattern(padding)) }
    var file = Array("RIFF".utf8)
    file.appendLittle32(chunks.count)
    return file + chunks
}

/// Packs values into bytes, lowest bit first.
private struct BitWriter {
    private var bytes: [UInt8] = []
    private var pending: UInt64 = 0
    private var pendingCount: UInt64 = 0

    mutating func put(_ value: UInt32, _ count: UInt64) {
        pending |= UInt64(value) << pendingCount
        pendingCount += count
        while pendingCount >= 8 {
            bytes.append(UInt8(truncatingIfNeeded: pending))
            pending >>= 8
            pendingCount -= 8
        }
    }

    func finish() -> [UInt8] {
        pendingCount > 0 ? bytes + [UInt8(truncatingIfNeeded: pending)] : bytes
    }
}

extension [UInt8] {
    fileprivate mutating func appendRIFF(_ type: String, _ data: [UInt8]) {
        append(contentsOf: type.utf8)
        appendLittle32(data.count)
        append(contentsOf: data)
        if data.count % 2 == 1 { append(0) }
    }
}
