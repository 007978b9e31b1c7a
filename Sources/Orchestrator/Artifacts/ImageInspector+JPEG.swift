/// Walks the markers of a JPEG file (ITU-T T.81 annex B), through every scan, to its end marker.
struct JPEGWalker: ContainerWalker {
    private enum Place {
        case start  // the two bytes of SOI
        case marker  // 0xFF and fill bytes, then a code
        case length  // two bytes
        case payload
        case scan  // entropy-coded data
        case scanMarker  // behind a 0xFF in it
        case end
    }

    private let limits: ImageLimits
    private var place = Place.start
    private var collector = ByteCollector(2)
    private var code: UInt8 = 0  // of the current segment
    private var sawFF = false
    private var remaining = 0  // payload bytes of the segment still to come
    private var kept = ByteCollector(0)  // the part of the payload that is looked at
    private var hasScan = false

    private(set) var outline: ImageOutline?
    private(set) var trailingByteCount: Int64 = 0
    private var orientation: Int?  // Exif stands before the frame header
    private var hasC2PA = false
    private var xmp: XMPPacket?
    private var offset: Int64 = 0  // of the bytes that are being consumed, in the file
    private var segmentStart: Int64 = 0
    private var xmpOffset: Int64 = 2  // where a new XMP packet goes
    var isComplete: Bool { place == .end }

    init(limits: ImageLimits) {
        self.limits = limits
    }

    mutating func consume(_ bytes: Span<UInt8>) throws(ImageDefect) {
        var index = 0
        defer { offset += Int64(bytes.count) }
        while index < bytes.count {
            switch place {
            case .start:
                guard collector.take(from: bytes, at: &index) else { return }
                place = .marker
            case .marker:
                segmentStart = offset + Int64(index - 1)
                try takeMarker(bytes[index])
                index += 1
            case .length:
                guard collector.take(from: bytes, at: &index) else { return }
                try beginPayload()
            case .payload:
                try takePayload(bytes, at: &index)
            case .scan:
                index = bytes.index(of: 0xFF, or: 0xFF, from: index)
                if index < bytes.count {
                    index += 1
                    place = .scanMarker
                }
            case .scanMarker:
                try takeScanMarker(bytes[index])
                index += 1
            case .end:
                trailingByteCount += Int64(bytes.count - index)
                return
            }
        }
    }

    private mutating func takeMarker(_ byte: UInt8) throws(ImageDefect) {
        guard byte != 0xFF else {
            sawFF = true
            return
        }
        guard sawFF, byte != 0 else { throw ImageDefect(.corrupt("a byte that is no marker")) }
        try begin(byte)
    }

    /// In a scan, 0xFF00 is a byte 0xFF, RST0...RST7 are part of it, and any other marker ends it.
    private mutating func takeScanMarker(_ byte: UInt8) throws(ImageDefect) {
        switch byte {
        case 0, 0xD0...0xD7: place = .scan
        case 0xFF: break
        default: try begin(byte)
        }
    }

    private mutating func begin(_ code: UInt8) throws(ImageDefect) {
        self.code = code
        sawFF = false
        switch code {
        case 0xD9:
            guard outline != nil, hasScan else { throw ImageDefect(.corrupt("an end without image data")) }
            place = .end
        case 0x01:  // TEM stands alone
            place = .marker
        case 0xD0...0xD8, 0x02...0xBF, 0xF0...0xFD:
            throw ImageDefect(.corrupt("a marker 0x\(String(code, radix: 16)) out of place"))
        default:
            collector.restart(2)
            place = .length
        }
    }

    private var isFrameHeader: Bool {
        (0xC0...0xCF).contains(code) && code != 0xC4 && code != 0xC8 && code != 0xCC
    }

    private mutating func beginPayload() throws(ImageDefect) {
        remaining = collector.bigEndian16(at: 0) - 2
        guard remaining >= 0 else { throw ImageDefect(.corrupt("the length of a segment")) }
        if isFrameHeader, outline != nil || remaining < 9 { throw ImageDefect(.corrupt("the frame header")) }
        if code == 0xDA {
            guard outline != nil, remaining >= 6 else { throw ImageDefect(.corrupt("a scan header")) }
            hasScan = true
        }
        let looksAtAll = code == 0xE1  // APP1: Exif
        kept.restart(looksAtAll ? remaining : min(remaining, 64))
        place = .payload
        if remaining == 0 { try endPayload() }
    }

    private mutating func takePayload(_ bytes: Span<UInt8>, at index: inout Int) throws(ImageDefect) {
        let piece = bytes.extracting(index..<index + min(remaining, bytes.count - index))
        var taken = 0
        _ = kept.take(from: piece, at: &taken)
        index += piece.count
        remaining -= piece.count
        if isFrameHeader, outline == nil, kept.bytes.count >= 6 { try readFrameHeader() }
        if remaining == 0 { try endPayload() }
    }

    private mutating func readFrameHeader() throws(ImageDefect) {
        outline = try ImageOutline(
            width: kept.bigEndian16(at: 3),
            height: kept.bigEndian16(at: 1),
            hasAlpha: false,
            limits: limits
        )
        noteMetadata()
    }

    private mutating func noteMetadata() {
        outline?.orientation = orientation
        outline?.hasC2PA = hasC2PA
        outline?.xmp = xmp
    }

    private mutating func endPayload() throws(ImageDefect) {
        if isFrameHeader {
            let components = Int(kept.bytes[5])
            guard (1...4).contains(components), collector.bigEndian16(at: 0) == 8 + 3 * components else {
                throw ImageDefect(.corrupt("the frame header"))
            }
        } else if code == 0xE0 {
            passOver()
        } else if code == 0xE1, kept.matches("Exif\0\0") {
            orientation = orientation ?? exifOrientation(kept.bytes[6...])
            passOver()
        } else if code == 0xE1, xmp == nil, kept.matches(Self.xmpName) {
            let text = Array(kept.bytes[Self.xmpName.utf8CodeUnitCount...])
            xmp = XMPPacket(range: segment, text: text)
        } else if code == 0xE1, kept.matches("http://ns.adobe.com/xmp/extension/\0") {
            // In parts, of which one segment holds but the first.
            xmp = XMPPacket(range: xmp?.range ?? segment, text: nil)
        } else if code == 0xEB, isC2PA {
            hasC2PA = true
        }
        noteMetadata()
        place = code == 0xDA ? .scan : .marker
    }

    /// What stands before the packet itself in its segment (XMP specification, part 3, section 1.1.3).
    static let xmpName: StaticString = "http://ns.adobe.com/xap/1.0/\0"

    /// The current segment, complete, with its marker.
    private var segment: Range<Int64> { segmentStart..<segmentStart + 2 + Int64(collector.bigEndian16(at: 0)) }

    /// JFIF and Exif both want to be first, so that new segments go behind theirs.
    private mutating func passOver() {
        if segmentStart == xmpOffset { xmpOffset = segment.upperBound }
    }

    var xmpPlace: XMPPlace? {
        isComplete ? XMPPlace(xmp, orAt: xmpOffset) : nil
    }

    /// APP11 as a JPEG XT box (ISO/IEC 18477-3): `JP`, two counters of 2 and 4 bytes, a `jumb` box, in it a `jumd` box
    /// whose type, a UUID, begins with `c2pa` in a C2PA manifest store. A box that goes on in further segments is told by
    /// the first; one whose length is 1 has its true length, 8 bytes, behind its type.
    private var isC2PA: Bool {
        guard kept.matches("JP"), kept.matches("jumb", at: 12) else { return false }
        let inner = kept.bigEndian32(at: 8) == 1 ? 24 : 16
        return kept.matches("jumd", at: inner + 4) && kept.matches("c2pa", at: inner + 8)
    }
}
