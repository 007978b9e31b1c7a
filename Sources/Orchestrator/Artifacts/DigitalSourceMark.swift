/// Writes the IPTC digital source type into the file of a picture, which stays the same but for its XMP packet.
package struct DigitalSourceMark: Sendable {
    /// `trainedAlgorithmicMedia`: made by a generative model (IPTC NewsCodes, scheme "Digital Source Type").
    static let source = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    private static let namespace = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"

    /// Bytes that take the place of others.
    struct Edit: Sendable, Hashable {
        var range: Range<Int64>
        var bytes: [UInt8]
    }

    /// In the order of their places, which do not overlap.
    private let edits: [Edit]

    /// Nil for a picture that has a C2PA manifest, which every change would break; a digital source type already; or a
    /// packet that cannot be added to.
    ///
    /// `facts` and `place` are those of one inspection.
    package init?(_ facts: ImageFacts, _ place: XMPPlace) {
        guard facts.provenance == nil, let packet = Self.packet(extending: place.packet) else { return nil }
        switch facts.format {
        case .png: edits = [Edit(range: place.range, bytes: Self.pngChunk(packet))]
        case .jpeg:
            guard let segment = Self.jpegSegment(packet) else { return nil }
            edits = [Edit(range: place.range, bytes: segment)]
        case .webp:
            guard let edits = Self.webPEdits(facts, place, packet) else { return nil }
            self.edits = edits
        }
    }

    /// Feeds the marked file to `write`, piece by piece. Blocks, so it belongs on a thread that may.
    ///
    /// Returns nil, or the number of the operating system's error when the file cannot be read.
    package func apply(
        to source: ByteSource,
        inPiecesOf size: Int = 64 << 10,
        _ write: (Span<UInt8>) -> Void
    ) -> Int32? {
        var offset: Int64 = 0
        var waiting = edits[...]
        let problem = source.forEachPiece(of: size) { piece in
            var index = 0
            let end = offset + Int64(piece.count)
            while let edit = waiting.first, edit.range.lowerBound < end {
                let start = Int(max(edit.range.lowerBound - offset, 0))
                if index < start { write(piece.extracting(index..<start)) }
                if edit.range.lowerBound >= offset { write(edit.bytes.span) }
                index = Int(min(edit.range.upperBound, end) - offset)
                guard edit.range.upperBound <= end else { break }
                waiting.removeFirst()
            }
            if index < piece.count { write(piece.extracting(index..<piece.count)) }
            offset = end
        }
        guard problem == nil else { return problem }
        for edit in waiting where edit.range.isEmpty { write(edit.bytes.span) }
        return nil
    }

    // MARK: - The packet

    /// A packet of its own, or the present one with a description more.
    private static func packet(extending present: XMPPacket?) -> [UInt8]? {
        guard let present else {
            return Array(
                """
                <?xpacket begin="\u{FEFF}" id="W5M0MpCehiHzreSzNTczkc9d"?>
                <x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\
                \(description(about: ""))</rdf:RDF></x:xmpmeta>
                <?xpacket end="w"?>
                """.utf8
            )
        }
        guard let text = present.text, let end = text.span.lastRange(of: Array("</rdf:RDF>".utf8)) else { return nil }
        return text[..<end.lowerBound] + Array(description(about: subject(of: text)).utf8) + text[end.lowerBound...]
    }

    private static func description(about subject: String) -> String {
        """
        <rdf:Description rdf:about=\(subject.isEmpty ? "\"\"" : subject) xmlns:Iptc4xmpExt="\(namespace)" \
        Iptc4xmpExt:DigitalSourceType="\(source)"/>
        """
    }

    /// What the packet's descriptions are about, with its quotes, as all of them must name the same.
    private static func subject(of text: [UInt8]) -> String {
        guard let name = text.span.range(of: Array("rdf:about=".utf8)), name.upperBound < text.count else { return "" }
        let quote = text[name.upperBound]
        guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'"),
            let end = text[(name.upperBound + 1)...].firstIndex(of: quote)
        else { return "" }
        return String(decoding: text[name.upperBound...end], as: UTF8.self)
    }

    // MARK: - Containers

    /// An international text chunk, not compressed, without language (PNG specification, section 11.3.3.4).
    private static func pngChunk(_ packet: [UInt8]) -> [UInt8] {
        let body = Array("iTXtXML:com.adobe.xmp\0\0\0\0\0".utf8) + packet
        var crc = CRC32()
        crc.update(body.span)
        return bigEndian(body.count - 4) + body + bigEndian(Int(crc.value))
    }

    /// Nil for a packet longer than a segment may be.
    private static func jpegSegment(_ packet: [UInt8]) -> [UInt8]? {
        let payload = Array("\(JPEGWalker.xmpName)".utf8) + packet
        guard payload.count + 2 <= 0xFFFF else { return nil }
        return [0xFF, 0xE1] + bigEndian(payload.count + 2)[2...] + payload
    }

    /// The size of the file, the flag of its metadata, the packet (RFC 9649 section 2.7); nil past what RIFF can say.
    private static func webPEdits(_ facts: ImageFacts, _ place: XMPPlace, _ packet: [UInt8]) -> [Edit]? {
        let end = facts.byteCount - facts.trailingByteCount
        var chunk = Array("XMP ".utf8) + littleEndian(packet.count) + packet
        if packet.count % 2 == 1 { chunk.append(0) }
        // The last chunk of a file may have been left without its pad byte.
        if place.range.lowerBound % 2 == 1 { chunk.insert(0, at: 0) }
        var edits: [Edit] = []
        if let flags = place.webPFlags {
            edits.append(Edit(range: 20..<21, bytes: [flags | WebPWalker.extendedXMP]))
        } else {
            let flags = WebPWalker.extendedXMP | (facts.hasAlpha ? WebPWalker.extendedAlpha : 0)
            let sizes = littleEndian(facts.width - 1)[..<3] + littleEndian(facts.height - 1)[..<3]
            edits.append(Edit(range: 12..<12, bytes: Array("VP8X".utf8) + littleEndian(10) + [flags, 0, 0, 0] + sizes))
        }
        edits.append(Edit(range: place.range, bytes: chunk))
        let size = edits.reduce(end - 8) { $0 + Int64($1.bytes.count) - Int64($1.range.count) }
        guard size <= 0xFFFF_FFFE else { return nil }
        return [Edit(range: 4..<8, bytes: littleEndian(Int(size)))] + edits
    }

    private static func bigEndian(_ value: Int) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
    }

    private static func littleEndian(_ value: Int) -> [UInt8] { bigEndian(value).reversed() }
}
