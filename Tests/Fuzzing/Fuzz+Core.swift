import Orchestrator
import Transport

/// Encoding and decoding undo each other, and pieces of any size give what the whole gives.
func fuzzBase64(_ bytes: [UInt8], _ seed: UInt8) {
    let pieces = Array(Pieces(of: bytes.count, seed: seed))
    let text = Base64.encode(bytes.span)
    var encoder = Base64Encoder()
    var pieced: [UInt8] = []
    for piece in pieces { encoder.encode(bytes.span.extracting(piece), into: &pieced) }
    encoder.finish(into: &pieced)
    promise(text == pieced && text.count == Base64.encodedCount(of: bytes.count), "base64 encoded in pieces")
    promise(decoded(text, [0..<text.count]) == .success(bytes), "base64 there and back")

    let whole = decoded(bytes, [0..<bytes.count])
    promise(decoded(bytes, pieces) == whole, "base64 decoded in pieces")
    if case .success(let plain) = whole {
        let canonical = Base64.encode(plain.span)
        promise(canonical.count - bytes.count <= 2 && canonical.count >= bytes.count, "base64 of another length")
        promise(decoded(canonical, [0..<canonical.count]) == whole, "base64 back and there")
    }
}

private func decoded(_ text: [UInt8], _ pieces: [Range<Int>]) -> Result<[UInt8], Base64Error> {
    var decoder = Base64Decoder()
    var bytes: [UInt8] = []
    do throws(Base64Error) {
        for piece in pieces { try decoder.decode(text.span.extracting(piece), into: &bytes) }
        try decoder.finish(into: &bytes)
        return .success(bytes)
    } catch {
        return .failure(error)
    }
}

/// A picture has the same facts however its bytes arrive, none without its last byte, and can be marked once.
func fuzzPicture(_ bytes: [UInt8], _ seed: UInt8) {
    // Few changes would ever get past the checksums of a PNG.
    let bytes = seed % 2 == 0 ? withSums(bytes) : bytes
    let whole = inspected(bytes, [0..<bytes.count])
    let pieced = inspected(bytes, Array(Pieces(of: bytes.count, seed: seed)))
    promise(whole == pieced, "a picture in pieces\n\(whole)\n\(pieced)")
    guard case .success(let picture) = whole else { return }
    let facts = picture.facts
    promise(facts.width > 0 && facts.height > 0 && facts.width * facts.height <= pixels, "the size of a picture")
    promise(facts.byteCount == bytes.count && facts.trailingByteCount < bytes.count, "the bytes of a picture")
    if facts.trailingByteCount == 0 {
        let cut = inspected(Array(bytes.dropLast()), [0..<bytes.count - 1])
        promise(cut == .failure(ImageDefect(.truncated)), "a picture without its last byte: \(cut)")
    }
    guard let mark = DigitalSourceMark(facts, picture.place) else { return }
    var marked: [UInt8] = []
    promise(mark.apply(to: .bytes(bytes)) { marked.append($0) } == nil, "bytes that cannot be read")
    guard case .success(let after) = inspected(marked, [0..<marked.count]) else { fatalError("broken by its mark") }
    promise(after.facts.provenance == .iptc, "a mark that is not seen")
    promise(after.facts.width == facts.width && after.facts.hasAlpha == facts.hasAlpha, "another picture by its mark")
    promise(after.facts.trailingByteCount == facts.trailingByteCount, "a mark behind the end")
    promise(DigitalSourceMark(after.facts, after.place) == nil, "a second mark")
}

private let pixels = 1 << 26

private struct Inspected: Equatable {
    var facts: ImageFacts
    var place: XMPPlace
}

private func inspected(_ bytes: [UInt8], _ pieces: [Range<Int>]) -> Result<Inspected, ImageDefect> {
    var inspector = ImageInspector(limits: ImageLimits(maxPixels: pixels, maxTrailingBytes: 64))
    do throws(ImageDefect) {
        for piece in pieces { try inspector.consume(bytes.span.extracting(piece)) }
        let facts = try inspector.finish()
        guard let place = inspector.xmpPlace else { fatalError("a complete picture without a place for XMP") }
        return .success(Inspected(facts: facts, place: place))
    } catch {
        return .failure(error)
    }
}

/// A PNG with the right checksum behind each chunk, as far as its lengths lead.
private func withSums(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.count > 8, bytes[0] == 0x89 else { return bytes }
    var bytes = bytes
    var start = 8
    while start + 12 <= bytes.count {
        let length = bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
        let end = start + 8 + length
        guard end + 4 <= bytes.count else { break }
        var crc = CRC32()
        crc.update(bytes.span.extracting(start + 4..<end))
        for index in 0..<4 { bytes[end + index] = UInt8(truncatingIfNeeded: crc.value >> (24 - 8 * index)) }
        start = end + 4
    }
    return bytes
}

/// What is parsed and written is parsed as the same; the scanner of vendors' replies reads what the parser reads.
func fuzzJSON(_ bytes: [UInt8], _ seed: UInt8) {
    let limits = JSONLimits(depth: 16, values: 200, numberBytes: 40)
    let whole: Result<JSON, JSONError>
    do throws(JSONError) {
        let document = try JSON(parsing: bytes, limits: limits)
        let text = document.serialized()
        let again = try JSON(parsing: text, limits: limits)
        promise(again == document && again.serialized() == text, "JSON there and back")
        whole = .success(document)
    } catch {
        whole = .failure(error)
        promise(error.offset >= 0 && error.offset <= bytes.count + 1, "a mistake outside the text: \(error)")
    }
    for pieces in [[0..<bytes.count], Array(Pieces(of: bytes.count, seed: seed))] {
        let scanned = scan(bytes, pieces, limits)
        switch (whole, scanned) {
        case (.success(let one), .success(let other)): promise(one == other || containsBlob(other), "another document")
        case (.failure, .failure): break
        // Past a thousand bytes a string is a blob, of which more or less may be taken.
        default: promise(bytes.count >= ImageScanner.blobThreshold, "parser: \(whole)\nscanner: \(scanned)")
        }
    }
}

private func scan(_ bytes: [UInt8], _ pieces: [Range<Int>], _ limits: JSONLimits) -> Result<JSON, JSONError> {
    var scanner = ImageScanner(limits: limits, maxBlobs: 4) { _ in NoSink() }
    do throws(JSONError) {
        for piece in pieces { try scanner.consume(bytes.span.extracting(piece)) }
        return .success(try scanner.finish())
    } catch {
        return .failure(error)
    }
}

private func containsBlob(_ document: JSON) -> Bool {
    switch document {
    case .blob: true
    case .array(let elements): elements.contains(where: containsBlob)
    case .object(let object): object.keys.contains { object[$0].map(containsBlob) ?? false }
    case .null, .bool, .number, .string: false
    }
}

private final class NoSink: BlobSink {
    var pendingBytes: Int { 0 }
    func write(_ bytes: Span<UInt8>) {}
    func finish() {}
    func abort() {}
}
