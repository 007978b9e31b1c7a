import Glibc
import Orchestrator

/// The body of one request while libcurl asks for it piece by piece; files are read elsewhere, since that may block.
struct RequestBody {
    /// What there is to send at the moment.
    enum Portion: Equatable {
        /// So many bytes were copied out.
        case bytes(Int)
        /// The next bytes lie in a file: read them, hand them to `supply`, ask again.
        case needsFile(FileRead)
        /// The bytes of a file are being read.
        case waiting
        case end
        /// A file ended early or cannot be read.
        case failed
    }

    /// Bytes of a file that are asked for at once: 64 KiB is libcurl's upload buffer, four of them save round trips.
    static let readSize = 256 << 10

    let byteCount: Int64
    private let pieces: [ByteSource]
    /// Where the last piece ends, if that is before its own end.
    private let end: Int64
    private var piece = 0
    private var offset: Int64 = 0  // in the piece
    private var chunk: [UInt8] = []  // of the file
    private var chunkOffset = 0
    private var isReading = false
    private var isFailed = false
    private(set) var sentBytes: Int64 = 0

    init(_ pieces: [ByteSource]) {
        self.pieces = pieces
        end = .max
        byteCount = pieces.reduce(0) { $0 + $1.byteCount }
    }

    /// A part of one source, within its bounds.
    init(_ part: Range<Int64>, of source: ByteSource) {
        precondition(part.lowerBound >= 0 && part.upperBound <= source.byteCount, "no part of the source")
        pieces = [source]
        offset = part.lowerBound
        end = part.upperBound
        byteCount = Int64(part.count)
    }

    /// Whether all bytes have been handed out.
    var isFinished: Bool { sentBytes == byteCount }

    /// Copies the next bytes into `buffer`.
    mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> Portion {
        if isFailed { return .failed }
        if isReading { return .waiting }
        while piece < pieces.count {
            switch pieces[piece] {
            case .bytes(let bytes):
                let end = min(Int(clamping: end), bytes.count)
                guard offset < end else { break }
                let count = unsafe RequestBody.copy(bytes, Int(offset)..<end, into: buffer)
                return advance(by: count)
            case .file(let path, let byteCount):
                let end = min(end, byteCount)
                guard offset < end else { break }
                if chunkOffset < chunk.count {
                    let count = unsafe RequestBody.copy(chunk, chunkOffset..<chunk.count, into: buffer)
                    chunkOffset += count
                    return advance(by: count)
                }
                isReading = true
                let count = Int(min(end - offset, Int64(RequestBody.readSize)))
                return .needsFile(FileRead(path: path, offset: offset, count: count))
            }
            piece += 1
            offset = 0
            chunk = []
            chunkOffset = 0
        }
        return .end
    }

    /// Takes the bytes that `needsFile` asked for; nil when they could not be read.
    mutating func supply(_ bytes: [UInt8]?) {
        isReading = false
        if let bytes, !bytes.isEmpty {
            chunk = bytes
            chunkOffset = 0
        } else {
            isFailed = true
        }
    }

    private mutating func advance(by count: Int) -> Portion {
        offset += Int64(count)
        sentBytes += Int64(count)
        return .bytes(count)
    }

    private static func copy(
        _ bytes: [UInt8],
        _ range: Range<Int>,
        into buffer: UnsafeMutableRawBufferPointer
    ) -> Int {
        let count = min(range.count, buffer.count)
        unsafe bytes.withUnsafeBytes { source in
            let start = range.lowerBound
            unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[start..<start + count]))
        }
        return count
    }
}

/// A read of some bytes of a file, to be performed where blocking is allowed.
struct FileRead: Sendable, Equatable {
    var path: String
    var offset: Int64
    var count: Int

    /// The bytes, fewer only at the end of the file; nil when it cannot be read.
    func perform() -> [UInt8]? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var isRead = true
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let rest = unsafe UnsafeMutableBufferPointer(rebasing: buffer[filled..<count])
                let got = unsafe pread(descriptor, rest.baseAddress, rest.count, Int(offset) + filled)
                if got < 0, errno == EINTR { continue }
                if got < 0 { isRead = false }
                if got <= 0 { return }
                filled += got
            }
        }
        return isRead ? bytes : nil
    }
}
