/// An XMP packet in the file of a picture.
package struct XMPPacket: Sendable, Hashable {
    /// The bytes of the file that hold it, with the head of their chunk or segment.
    package var range: Range<Int64>
    /// The packet itself; nil where it is compressed, comes in parts, or is too long to be looked at.
    package var text: [UInt8]?

    /// Whether it says how the picture came about (IPTC Photo Metadata, "Digital Source Type").
    var hasDigitalSourceType: Bool { contains("DigitalSourceType") }

    /// Whether it says where else the picture's C2PA manifest is (C2PA specification, "Embedding a reference").
    var namesManifest: Bool { contains("dcterms:provenance") }

    private func contains(_ word: StaticString) -> Bool {
        text?.span.range(of: Array("\(word)".utf8)) != nil
    }
}

/// Where the file of a picture has its XMP packet, or would have one.
package struct XMPPlace: Sendable, Hashable {
    /// The packet that is there.
    package var packet: XMPPacket?
    /// The bytes that a new packet takes the place of; empty where there is none.
    package var range: Range<Int64>
    /// The flags of a WebP file's extended header; nil for one without it, and for other formats.
    package var webPFlags: UInt8?

    init(_ packet: XMPPacket?, orAt offset: Int64, webPFlags: UInt8? = nil) {
        self.packet = packet
        range = packet?.range ?? offset..<offset
        self.webPFlags = webPFlags
    }
}
