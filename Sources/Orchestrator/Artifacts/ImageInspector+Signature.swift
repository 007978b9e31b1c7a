/// What the first bytes of a file tell about its kind.
struct ImageSignature {
    /// More bytes than this are never looked at; text formats may begin with comments.
    static let longest = 256

    private let start: [UInt8]

    init(_ start: [UInt8]) {
        self.start = start
    }

    /// The format, if it is one that we take.
    var format: ImageFormat? {
        if start.starts(with: PNGWalker.signature) { return .png }
        if start.starts(with: [0xFF, 0xD8, 0xFF]) { return .jpeg }
        if has("RIFF"), has("WEBP", at: 8) { return .webp }
        return nil
    }

    /// Whether more bytes could still make this a format that we take.
    var isBeginning: Bool {
        guard !start.isEmpty else { return false }
        let isRIFF =
            start.count < 12 && zip(start, "RIFF".utf8).allSatisfy(==)
            && zip(start.dropFirst(8), "WEBP".utf8).allSatisfy(==)
        return PNGWalker.signature.starts(with: start) || ([0xFF, 0xD8, 0xFF] as [UInt8]).starts(with: start) || isRIFF
    }

    /// The name of a kind of file that people send although we do not take it.
    var name: String? {
        if has("GIF8") { return "GIF" }
        if has("BM"), start.count >= 14, start[6..<10].allSatisfy({ $0 == 0 }) { return "BMP" }
        if has("II*\0") || has("MM\0*") { return "TIFF" }
        if has("ftyp", at: 4) { return isoMedia }
        if has("%PDF") { return "PDF" }
        if has("\0\0\u{1}\0") { return "ICO" }
        if has("RIFF") { return "a RIFF file other than WebP" }
        if start.starts(with: [0xFF, 0x0A]) || start.starts(with: [0, 0, 0, 0x0C, 0x4A, 0x58, 0x4C]) {
            return "JPEG XL"
        }
        if start.starts(with: [0, 0, 0, 0x0C, 0x6A, 0x50]) { return "JPEG 2000" }
        if start.starts(with: [0x50, 0x4B, 3, 4]) { return "a ZIP archive" }
        return textual
    }

    /// The major brand of an ISO base media file (ISO/IEC 14496-12).
    private var isoMedia: String {
        if has("avif", at: 8) || has("avis", at: 8) { return "AVIF" }
        if has("heic", at: 8) || has("heix", at: 8) || has("mif1", at: 8) || has("hevc", at: 8) { return "HEIC" }
        return "video"
    }

    private var textual: String? {
        var text = start[...]
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { text = text.dropFirst(3) }
        let lowered = String(decoding: text.drop { $0 <= 0x20 }, as: UTF8.self).lowercased()
        if lowered.hasPrefix("<svg") || lowered.hasPrefix("<?xml") && lowered.contains("<svg") { return "SVG" }
        if lowered.hasPrefix("<!doctype html") || lowered.hasPrefix("<html") { return "HTML" }
        if lowered.hasPrefix("<?xml") || lowered.hasPrefix("<!doctype svg") { return "XML" }
        if lowered.hasPrefix("{") || lowered.hasPrefix("[") { return "JSON" }
        return nil
    }

    private func has(_ text: String, at offset: Int = 0) -> Bool {
        start.dropFirst(offset).starts(with: text.utf8)
    }
}
