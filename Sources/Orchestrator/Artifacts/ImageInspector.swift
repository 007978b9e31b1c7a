/// Checks the container of a PNG, JPEG or WebP picture while its bytes arrive, in constant memory.
///
/// It proves that the file is whole and well built, down to every checksum the format has; that the pixels inside decode
/// is a separate, dearer question. Feed all bytes with ``consume(_:)``, in pieces of any size, then ask ``finish()``.
/// After a defect every further call throws the same one.
package struct ImageInspector: Sendable {
    private let limits: ImageLimits
    /// The first bytes, until the format is known.
    private var start: [UInt8] = []
    private var walker: (any ContainerWalker)?
    private var defect: ImageDefect?
    private var byteCount: Int64 = 0

    /// What is known so far; nil until the header has come.
    package var facts: ImageFacts? {
        guard let walker, let format = ImageSignature(start).format, let outline = walker.outline else { return nil }
        return ImageFacts(
            format: format,
            width: outline.width,
            height: outline.height,
            hasAlpha: outline.hasAlpha,
            byteCount: byteCount,
            hasC2PA: outline.hasC2PA || outline.xmp?.namesManifest == true,
            hasDigitalSourceType: outline.xmp?.hasDigitalSourceType == true,
            orientation: outline.orientation,
            trailingByteCount: walker.trailingByteCount
        )
    }

    /// Where the picture has its XMP packet, or would have one; sure once ``finish()`` has returned.
    package var xmpPlace: XMPPlace? { walker?.xmpPlace }

    /// Makes an inspector for one picture.
    package init(limits: ImageLimits = ImageLimits()) {
        self.limits = limits
    }

    /// Takes the next bytes; throws as soon as they prove the picture unacceptable.
    package mutating func consume(_ bytes: Span<UInt8>) throws(ImageDefect) {
        if let defect { throw defect }
        byteCount += Int64(bytes.count)
        do throws(ImageDefect) {
            if walker == nil {
                try identify(bytes)
            } else {
                try feed(bytes)
            }
        } catch {
            defect = error
            throw error
        }
    }

    /// Ends the picture; throws unless it is complete.
    package mutating func finish() throws(ImageDefect) -> ImageFacts {
        if let defect { throw defect }
        guard let walker, walker.isComplete, let facts else {
            let signature = ImageSignature(start)
            throw walker != nil || signature.isBeginning
                ? ImageDefect(.truncated) : ImageDefect(signature.name.map { .unsupported($0) } ?? .notAnImage)
        }
        return facts
    }

    /// Collects first bytes until they tell the format, then hands them, and the rest, to its walker.
    private mutating func identify(_ bytes: Span<UInt8>) throws(ImageDefect) {
        let taken = min(bytes.count, ImageSignature.longest - start.count)
        start.append(bytes.extracting(0..<taken))
        let signature = ImageSignature(start)
        switch signature.format {
        case .png: walker = PNGWalker(limits: limits)
        case .jpeg: walker = JPEGWalker(limits: limits)
        case .webp: walker = WebPWalker(limits: limits)
        case nil:
            guard start.count < ImageSignature.longest else {
                throw ImageDefect(signature.name.map { .unsupported($0) } ?? .notAnImage)
            }
            return
        }
        let start = start
        try feed(start.span)
        try feed(bytes.extracting(taken..<bytes.count))
    }

    private mutating func feed(_ bytes: Span<UInt8>) throws(ImageDefect) {
        try walker?.consume(bytes)
        guard (walker?.trailingByteCount ?? 0) <= limits.maxTrailingBytes else { throw ImageDefect(.trailingBytes) }
    }
}

/// Follows the structure of one format; takes the bytes of the file from the first on.
protocol ContainerWalker: Sendable {
    mutating func consume(_ bytes: Span<UInt8>) throws(ImageDefect)
    /// What the header and the parts after it said; nil until the size is known.
    var outline: ImageOutline? { get }
    /// Whether the last byte of the picture has come.
    var isComplete: Bool { get }
    /// How many bytes came after it.
    var trailingByteCount: Int64 { get }
    /// Where the XMP packet stands or would stand; nil until the picture is complete.
    var xmpPlace: XMPPlace? { get }
}

/// The facts that lie inside a container.
struct ImageOutline: Sendable {
    let width: Int
    let height: Int
    var hasAlpha: Bool
    var hasC2PA = false
    var orientation: Int?
    /// The first XMP packet, where one was found.
    var xmp: XMPPacket?

    /// Checks a size against the limits before anything is made of it.
    init(width: Int, height: Int, hasAlpha: Bool, limits: ImageLimits) throws(ImageDefect) {
        guard width > 0, height > 0 else { throw ImageDefect(.corrupt("a width or height of 0")) }
        let pixels = width.multipliedReportingOverflow(by: height)
        guard !pixels.overflow, pixels.partialValue <= limits.maxPixels else {
            throw ImageDefect(.tooManyPixels(width: width, height: height))
        }
        self.width = width
        self.height = height
        self.hasAlpha = hasAlpha
    }
}

/// Gathers a fixed number of bytes out of pieces of any size.
struct ByteCollector: Sendable {
    private(set) var bytes: [UInt8] = []
    private var wanted: Int

    init(_ wanted: Int) {
        self.wanted = wanted
    }

    /// Moves `index` over the bytes taken; true once all wanted bytes are here.
    mutating func take(from piece: Span<UInt8>, at index: inout Int) -> Bool {
        let taken = min(wanted - bytes.count, piece.count - index)
        bytes.append(piece.extracting(index..<index + taken))
        index += taken
        return bytes.count == wanted
    }

    /// Starts over for another number of bytes.
    mutating func restart(_ wanted: Int) {
        bytes.removeAll(keepingCapacity: true)
        self.wanted = wanted
    }

    func bigEndian16(at offset: Int) -> Int { Int(bytes[offset]) << 8 | Int(bytes[offset + 1]) }
    func bigEndian32(at offset: Int) -> Int { bigEndian16(at: offset) << 16 | bigEndian16(at: offset + 2) }
    func littleEndian16(at offset: Int) -> Int { Int(bytes[offset + 1]) << 8 | Int(bytes[offset]) }
    func littleEndian24(at offset: Int) -> Int { Int(bytes[offset + 2]) << 16 | littleEndian16(at: offset) }
    func littleEndian32(at offset: Int) -> Int { littleEndian16(at: offset + 2) << 16 | littleEndian16(at: offset) }

    /// Whether the ASCII `text` stands at `offset`.
    func matches(_ text: StaticString, at offset: Int = 0) -> Bool {
        bytes.count >= offset + text.utf8CodeUnitCount
            && bytes[offset..<offset + text.utf8CodeUnitCount].elementsEqual("\(text)".utf8)
    }
}
