/// Walks the chunks of a PNG file (PNG specification, third edition), every checksum verified.
struct PNGWalker: ContainerWalker {
    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    /// Exif and XMP data beyond this are not looked at; the orientation stands near the start.
    private static let metadataLimit = 64 << 10

    private enum Place {
        case signature, header, payload, checksum, end
    }

    private let limits: ImageLimits
    private var place = Place.signature
    private var collector = ByteCollector(8)
    private var crc = CRC32()
    private var chunk: [UInt8] = []  // the type of the current chunk
    private var remaining = 0  // payload bytes of it still to come
    private var kept = ByteCollector(0)  // the part of the payload that is looked at
    private var keepsPayload = false
    private var hasPalette = false
    private var needsPalette = false
    private var hasData = false
    private var dataEnded = false
    private var offset: Int64 = 0  // of the bytes that are being consumed, in the file
    private var chunkStart: Int64 = 0

    private(set) var outline: ImageOutline?
    private(set) var trailingByteCount: Int64 = 0
    var isComplete: Bool { place == .end }

    init(limits: ImageLimits) {
        self.limits = limits
    }

    mutating func consume(_ bytes: Span<UInt8>) throws(ImageDefect) {
        var index = 0
        defer { offset += Int64(bytes.count) }
        while index < bytes.count {
            switch place {
            case .signature:
                guard collector.take(from: bytes, at: &index) else { return }
                collector.restart(8)
                place = .header
            case .header:
                guard collector.take(from: bytes, at: &index) else { return }
                chunkStart = offset + Int64(index - 8)
                try beginChunk()
            case .payload:
                try takePayload(bytes, at: &index)
            case .checksum:
                guard collector.take(from: bytes, at: &index) else { return }
                try endChunk(at: offset + Int64(index))
            case .end:
                trailingByteCount += Int64(bytes.count - index)
                return
            }
        }
    }

    private func isChunk(_ name: String) -> Bool { chunk.elementsEqual(name.utf8) }

    private mutating func beginChunk() throws(ImageDefect) {
        remaining = collector.bigEndian32(at: 0)
        let type = Array(collector.bytes[4...])
        chunk = type
        guard remaining < 1 << 31, chunk.allSatisfy({ (0x41...0x5A).contains($0 & 0xDF) }) else {
            throw ImageDefect(.corrupt("a chunk header"))
        }
        guard (outline == nil) == isChunk("IHDR") else {
            throw ImageDefect(.corrupt(outline == nil ? "the first chunk is not IHDR" : "a second IHDR chunk"))
        }
        try checkOrder()
        crc = CRC32()
        crc.update(type.span)
        keepsPayload = isChunk("IHDR") || isChunk("eXIf") || (isChunk("iTXt") && outline?.xmp == nil)
        kept.restart(min(remaining, PNGWalker.metadataLimit))
        collector.restart(4)
        place = remaining > 0 ? .payload : .checksum
    }

    private mutating func checkOrder() throws(ImageDefect) {
        if isChunk("IHDR") {
            guard remaining == 13 else { throw ImageDefect(.corrupt("an IHDR chunk of \(remaining) bytes")) }
        } else if isChunk("PLTE") {
            guard !hasPalette, !hasData, remaining > 0, remaining <= 768, remaining % 3 == 0 else {
                throw ImageDefect(.corrupt("the PLTE chunk"))
            }
            hasPalette = true
        } else if isChunk("IDAT") {
            guard !dataEnded else { throw ImageDefect(.corrupt("IDAT chunks that are not in a row")) }
            guard hasPalette || !needsPalette else { throw ImageDefect(.corrupt("a palette image without PLTE")) }
            hasData = true
        } else if isChunk("IEND") {
            guard remaining == 0, hasData else { throw ImageDefect(.corrupt("an IEND chunk without image data")) }
        } else if isChunk("tRNS") {
            guard !hasData else { throw ImageDefect(.corrupt("a tRNS chunk behind the image data")) }
            outline?.hasAlpha = true
        } else if isChunk("caBX") {
            outline?.hasC2PA = true  // C2PA specification, "Embedding manifests into PNG"
        } else if chunk[0] & 0x20 == 0 {
            throw ImageDefect(.corrupt("an unknown critical chunk"))
        }
        dataEnded = hasData && !isChunk("IDAT")
    }

    private mutating func takePayload(_ bytes: Span<UInt8>, at index: inout Int) throws(ImageDefect) {
        let piece = bytes.extracting(index..<index + min(remaining, bytes.count - index))
        crc.update(piece)
        if keepsPayload {
            var taken = 0
            if kept.take(from: piece, at: &taken), isChunk("IHDR") { try readHeader() }
        }
        index += piece.count
        remaining -= piece.count
        if remaining == 0 { place = .checksum }
    }

    /// Reads the size at once, before its checksum has come, so that a monstrous picture is refused by 33 bytes.
    private mutating func readHeader() throws(ImageDefect) {
        let (depth, colour) = (kept.bytes[8], kept.bytes[9])
        let depths: [UInt8] =
            switch colour {
            case 0: [1, 2, 4, 8, 16]
            case 3: [1, 2, 4, 8]
            case 2, 4, 6: [8, 16]
            default: []
            }
        guard depths.contains(depth), kept.bytes[10] == 0, kept.bytes[11] == 0, kept.bytes[12] <= 1 else {
            throw ImageDefect(.corrupt("the IHDR chunk"))
        }
        needsPalette = colour == 3
        outline = try ImageOutline(
            width: kept.bigEndian32(at: 0),
            height: kept.bigEndian32(at: 4),
            hasAlpha: colour & 4 != 0,
            limits: limits
        )
    }

    private mutating func endChunk(at end: Int64) throws(ImageDefect) {
        guard collector.bigEndian32(at: 0) == Int(crc.value) else {
            throw ImageDefect(.corrupt("the checksum of a \(String(decoding: chunk, as: UTF8.self)) chunk"))
        }
        if isChunk("eXIf") { outline?.orientation = exifOrientation(kept.bytes[...]) }
        if isChunk("iTXt"), keepsPayload { noteXMP(chunkStart..<end) }
        collector.restart(8)
        place = isChunk("IEND") ? .end : .header
    }

    /// Takes the XMP packet out of an international text chunk: keyword, two bytes on compression, language and translated
    /// keyword, each text ended by a zero.
    private mutating func noteXMP(_ range: Range<Int64>) {
        guard kept.matches("XML:com.adobe.xmp\0") else { return }
        var packet: [UInt8]?
        if kept.bytes.count == range.count - 12, kept.bytes.count > 20, kept.bytes[18] == 0 {
            let texts = kept.bytes[20...].split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
            packet = texts.count == 3 ? Array(texts[2]) : nil
        }
        outline?.xmp = XMPPacket(range: range, text: packet)
    }

    /// A new packet goes behind the header: 8 bytes of signature, 25 of IHDR.
    var xmpPlace: XMPPlace? {
        isComplete ? XMPPlace(outline?.xmp, orAt: 33) : nil
    }
}
