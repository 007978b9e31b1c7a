/// Where the bytes of a picture or body lie until they are sent on: in memory when few, in a file when many.
public enum ByteSource: Sendable, Hashable {
    /// Held in memory.
    case bytes([UInt8])
    /// The whole of a file on local disk, whose owner keeps it until the request ends.
    case file(path: String, byteCount: Int64)

    /// How many bytes there are.
    public var byteCount: Int64 {
        switch self {
        case .bytes(let bytes): Int64(bytes.count)
        case .file(_, let byteCount): byteCount
        }
    }
}
