package import Orchestrator

/// Reads a vendor's JSON reply while it arrives, and sends every long base64 string in it, decoded, to a sink instead of
/// holding it: memory stays constant however large the pictures are.
///
/// It accepts exactly the documents that `JSON(parsing:)` accepts. A string that is a value, not a name, becomes a blob once
/// its first kilobyte (`blobThreshold`, counted as written) is all base64, behind a `data:…;base64,` prefix or without
/// one; line breaks written as `\n` or `\r` are tolerated in it. A blob that proves not to be base64 later on is
/// aborted and listed in `brokenBlobs`.
package struct ImageScanner {
    /// How much of a string decides whether it is a picture, in bytes as written.
    package static let blobThreshold = 1024

    private enum Place {
        case structure, atom, string, blob
    }

    private let limits: JSONLimits
    private let maxTextBytes: Int
    private let maxBlobs: Int
    private let open: (BlobID) -> any BlobSink
    private var assembler: JSONAssembler
    private var place = Place.structure
    /// The bytes, as written, of the token that is not complete yet.
    private var token: [UInt8] = []
    private var tokenOffset = 0
    private var isEscaped = false
    private var mayBeBlob = false
    private var textBytes = 0
    private var blob: BlobStream?
    private var blobCount = 0
    private var offset = 0
    private var failure: JSONError?

    /// Blobs whose text was no base64 in the end; their sinks have been aborted.
    package private(set) var brokenBlobs: Set<BlobID> = []

    /// Makes a scanner for one document.
    ///
    /// - Parameters:
    ///   - maxTextBytes: what all names, numbers and ordinary strings may take together.
    ///   - maxBlobs: how many sinks one document may open.
    ///   - open: makes the sink of a blob; called in the order of the document.
    package init(
        limits: JSONLimits = JSONLimits(),
        maxTextBytes: Int = 4 << 20,
        maxBlobs: Int = 64,
        open: @escaping (BlobID) -> any BlobSink
    ) {
        self.limits = limits
        self.maxTextBytes = maxTextBytes
        self.maxBlobs = maxBlobs
        self.open = open
        assembler = JSONAssembler(limits: limits)
    }

    /// Takes the next bytes of the document; after a mistake every further call throws it again.
    package mutating func consume(_ bytes: Span<UInt8>) throws(JSONError) {
        if let failure { throw failure }
        do throws(JSONError) {
            var index = 0
            while index < bytes.count {
                switch place {
                case .structure: try takeStructure(bytes, at: &index)
                case .atom: try takeAtom(bytes, at: &index)
                case .string: try takeString(bytes, at: &index)
                case .blob: try takeBlob(bytes, at: &index)
                }
            }
            offset += bytes.count
        } catch {
            abort()
            failure = error
            throw error
        }
    }

    /// Ends the document; throws unless it is complete.
    package mutating func finish() throws(JSONError) -> JSON {
        if let failure { throw failure }
        switch place {
        case .structure: break
        case .atom: try endAtom()
        case .string, .blob:
            abort()
            throw JSONError(.syntax, at: offset, "the document ends inside a string")
        }
        return try assembler.finish(at: offset)
    }

    /// Aborts the sink that is open, if any; for a reply that breaks off.
    package mutating func abort() {
        if let blob, !blob.isBroken { blob.sink.abort() }
        blob = nil
    }

    /// Bytes that the open sink has not put away yet; whoever feeds the scanner pauses while it is high.
    package var pendingBytes: Int { blob?.sink.pendingBytes ?? 0 }

    private mutating func takeStructure(_ bytes: Span<UInt8>, at index: inout Int) throws(JSONError) {
        let byte = bytes[index]
        switch byte {
        case 0x20, 0x0A, 0x0D, 0x09:
            break
        case UInt8(ascii: "\""):
            if !assembler.expectsName { try assembler.requireValuePlace(byte, at: offset + index) }
            mayBeBlob = !assembler.expectsName
            beginToken(.string, at: offset + index + 1)
        case _ where JSONAtom.contains(byte):
            try assembler.requireValuePlace(byte, at: offset + index)
            beginToken(.atom, at: offset + index)
            return  // the byte belongs to the token
        default:
            try assembler.accept(byte, at: offset + index)
        }
        index += 1
    }

    private mutating func beginToken(_ place: Place, at offset: Int) {
        self.place = place
        token.removeAll(keepingCapacity: true)
        tokenOffset = offset
        isEscaped = false
    }

    private mutating func append(_ piece: Span<UInt8>) throws(JSONError) {
        textBytes += piece.count
        guard textBytes <= maxTextBytes else {
            throw JSONError(.size, at: tokenOffset, "the document holds more than \(maxTextBytes) bytes of text")
        }
        token.append(piece)
    }

    private mutating func takeAtom(_ bytes: Span<UInt8>, at index: inout Int) throws(JSONError) {
        var end = index
        while end < bytes.count, JSONAtom.contains(bytes[end]) { end += 1 }
        try append(bytes.extracting(index..<end))
        index = end
        if end < bytes.count { try endAtom() }
    }

    private mutating func endAtom() throws(JSONError) {
        let value = try JSONAtom.parse(token.span, at: tokenOffset, limits: limits)
        try assembler.accept(scalar: value, at: tokenOffset)
        place = .structure
    }

    private mutating func takeString(_ bytes: Span<UInt8>, at index: inout Int) throws(JSONError) {
        // A candidate is read up to the threshold exactly, so that the verdict does not depend on how the bytes are cut.
        let room = mayBeBlob ? ImageScanner.blobThreshold - token.count : bytes.count - index
        let piece = bytes.extracting(index..<min(index + room, bytes.count))
        var end = 0
        while end < piece.count {
            if isEscaped {
                isEscaped = false
                end += 1
                continue
            }
            end = JSONStringLiteral.plainEnd(piece, from: end)
            guard end < piece.count, piece[end] != UInt8(ascii: "\"") else { break }
            isEscaped = piece[end] == UInt8(ascii: "\\")
            end += 1  // control characters are refused when the literal is decoded
        }
        try append(piece.extracting(0..<end))
        index += end
        if end < piece.count {
            index += 1
            try endString()
        } else if mayBeBlob, token.count == ImageScanner.blobThreshold {
            mayBeBlob = false
            try becomeBlobIfBase64()
        }
    }

    private mutating func endString() throws(JSONError) {
        let string = try JSONStringLiteral.decode(token.span, at: tokenOffset, limits: limits)
        try assembler.accept(string: string, at: tokenOffset - 1)
        place = .structure
    }

    private mutating func becomeBlobIfBase64() throws(JSONError) {
        let token = token
        guard let digits = BlobStream.firstDigit(of: token.span) else { return }
        guard blobCount < maxBlobs else {
            throw JSONError(.size, at: tokenOffset, "the document holds more than \(maxBlobs) pictures")
        }
        let id = BlobID(index: blobCount)
        blobCount += 1
        textBytes -= token.count
        try assembler.accept(scalar: .blob(id), at: tokenOffset - 1)
        var stream = BlobStream(id: id, sink: open(id))
        _ = try stream.consume(token.span, from: digits, offset: tokenOffset)
        blob = stream
        place = .blob
    }

    private mutating func takeBlob(_ bytes: Span<UInt8>, at index: inout Int) throws(JSONError) {
        guard let next = try blob?.consume(bytes, from: index, offset: offset) else { return }
        index = next.index
        guard next.hasEnded, let ended = blob else { return }
        if ended.isBroken { brokenBlobs.insert(ended.id) }
        blob = nil
        place = .structure
    }
}
