/// Walks the chunks of a WebP file (RFC 9649) to the end that its RIFF header states.
struct WebPWalker: ContainerWalker {
    private static let metadataLimit = 64 << 10
    static let extendedAlpha: UInt8 = 0x10
    static let extendedXMP: UInt8 = 0x04
    private static let extendedAnimation: UInt8 = 0x02

    private enum Place {
        case file, header, payload, padding, end
    }

    private let limits: ImageLimits
    private var place = Place.file
    private var collector = ByteCollector(12)
    private var fileRemaining = 0  // bytes up to the end stated by the RIFF header
    private var chunk = ""
    private var remaining = 0
    private var payloadSize = 0
    private var isPadded = false
    private var keepsPayload = false
    private var kept = ByteCollector(0)
    private var hasData = false
    private var offset: Int64 = 0  // of the bytes that are being consumed, in the file
    private var chunkStart: Int64 = 0
    private var extendedFlags: UInt8?

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
            case .file:
                guard collector.take(from: bytes, at: &index) else { return }
                try beginFile()
            case .header:
                guard collector.take(from: bytes, at: &index) else { return }
                chunkStart = offset + Int64(index - 8)
                try beginChunk()
            case .payload:
                try takePayload(bytes, at: &index)
            case .padding:
                index += 1
                fileRemaining -= 1
                try nextChunk()
            case .end:
                trailingByteCount += Int64(bytes.count - index)
                return
            }
        }
    }

    private mutating func beginFile() throws(ImageDefect) {
        fileRemaining = collector.littleEndian32(at: 4) - 4  // the stated size counts `WEBP`
        try nextChunk()
    }

    private mutating func nextChunk() throws(ImageDefect) {
        guard fileRemaining <= 0 else {
            guard fileRemaining >= 8 else { throw ImageDefect(.corrupt("the size in the RIFF header")) }
            collector.restart(8)
            place = .header
            return
        }
        guard hasData else { throw ImageDefect(.corrupt("a file without image data")) }
        place = .end
    }

    private mutating func beginChunk() throws(ImageDefect) {
        chunk = String(decoding: collector.bytes[..<4], as: UTF8.self)
        remaining = collector.littleEndian32(at: 4)
        payloadSize = remaining
        fileRemaining -= 8
        guard remaining <= fileRemaining else { throw ImageDefect(.corrupt("a chunk longer than the file")) }
        isPadded = remaining % 2 == 1 && remaining < fileRemaining
        if outline == nil, !["VP8 ", "VP8L", "VP8X"].contains(chunk) {
            throw ImageDefect(.corrupt("the first chunk is no image"))
        }
        keepsPayload = chunk == "EXIF" || (chunk == "XMP " && outline?.xmp == nil)
        kept.restart(min(remaining, keepsPayload ? WebPWalker.metadataLimit : 10))
        place = .payload
        switch chunk {
        case "C2PA": outline?.hasC2PA = true
        case "ALPH": outline?.hasAlpha = true
        case "VP8 ", "VP8L":
            guard !hasData else { throw ImageDefect(.corrupt("two images")) }
            hasData = true
        case "ANMF", "ANIM": throw ImageDefect(.unsupported("animated WebP"))
        default: break
        }
        if remaining == 0 { try endPayload() }
    }

    private mutating func takePayload(_ bytes: Span<UInt8>, at index: inout Int) throws(ImageDefect) {
        let piece = bytes.extracting(index..<index + min(remaining, bytes.count - index))
        var taken = 0
        if kept.bytes.count < 10 || keepsPayload, kept.take(from: piece, at: &taken), taken > 0 { try readHead() }
        index += piece.count
        remaining -= piece.count
        fileRemaining -= piece.count
        if remaining == 0 { try endPayload() }
    }

    private mutating func endPayload() throws(ImageDefect) {
        if kept.bytes.isEmpty { try readHead() }
        if chunk == "XMP ", keepsPayload { noteXMP() }
        if isPadded { place = .padding } else { try nextChunk() }
    }

    /// Reads what was kept of the current chunk, as soon as it is complete.
    private mutating func readHead() throws(ImageDefect) {
        switch chunk {
        case "VP8 ": try readLossy()
        case "VP8L": try readLossless()
        case "VP8X": try readExtended()
        case "EXIF":
            // RFC 9649 says bare TIFF; some writers keep the prefix that JPEG has.
            outline?.orientation = exifOrientation(kept.bytes.dropFirst(kept.matches("Exif\0\0") ? 6 : 0))
        default: break
        }
    }

    /// The frame header of a VP8 key frame (RFC 6386 section 9.1).
    private mutating func readLossy() throws(ImageDefect) {
        guard kept.bytes.count == 10, kept.bytes[0] & 1 == 0, kept.bytes[3...5].elementsEqual([0x9D, 0x01, 0x2A]) else {
            throw ImageDefect(.corrupt("the VP8 frame header"))
        }
        try note(
            width: kept.littleEndian16(at: 6) & 0x3FFF,
            height: kept.littleEndian16(at: 8) & 0x3FFF,
            hasAlpha: false
        )
    }

    /// The header of a lossless image (RFC 9649 section 3.4): 14 bits each of size less one, then an alpha bit.
    private mutating func readLossless() throws(ImageDefect) {
        guard kept.bytes.count >= 5, kept.bytes[0] == 0x2F, kept.bytes[4] >> 5 == 0 else {
            throw ImageDefect(.corrupt("the VP8L header"))
        }
        let bits = kept.littleEndian32(at: 1)
        try note(width: bits & 0x3FFF + 1, height: (bits >> 14) & 0x3FFF + 1, hasAlpha: bits >> 28 & 1 == 1)
    }

    /// The extended header (RFC 9649 section 2.7): flags, then 24 bits each of canvas size less one.
    private mutating func readExtended() throws(ImageDefect) {
        guard outline == nil, kept.bytes.count == 10 else { throw ImageDefect(.corrupt("the VP8X chunk")) }
        guard kept.bytes[0] & WebPWalker.extendedAnimation == 0 else {
            throw ImageDefect(.unsupported("animated WebP"))
        }
        extendedFlags = kept.bytes[0]
        outline = try ImageOutline(
            width: kept.littleEndian24(at: 4) + 1,
            height: kept.littleEndian24(at: 7) + 1,
            hasAlpha: kept.bytes[0] & WebPWalker.extendedAlpha != 0,
            limits: limits
        )
    }

    private mutating func note(width: Int, height: Int, hasAlpha: Bool) throws(ImageDefect) {
        guard let known = outline else {
            outline = try ImageOutline(width: width, height: height, hasAlpha: hasAlpha, limits: limits)
            return
        }
        guard known.width == width, known.height == height else {
            throw ImageDefect(.corrupt("an image smaller or larger than its canvas"))
        }
        outline?.hasAlpha = known.hasAlpha || hasAlpha
    }

    private mutating func noteXMP() {
        let end = chunkStart + 8 + Int64(payloadSize) + (isPadded ? 1 : 0)
        let text = kept.bytes.count == payloadSize ? kept.bytes : nil
        outline?.xmp = XMPPacket(range: chunkStart..<end, text: text)
    }

    /// A new packet goes to the end of the RIFF file, which bytes of no meaning may follow.
    var xmpPlace: XMPPlace? {
        guard isComplete else { return nil }
        return XMPPlace(outline?.xmp, orAt: offset - trailingByteCount, webPFlags: extendedFlags)
    }
}
