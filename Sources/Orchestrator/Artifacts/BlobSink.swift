/// Takes in the decoded bytes of one long base64 string, or of one body, while they arrive.
///
/// Used by one thread at a time; the writer asks `pendingBytes` and reads slower while it is high, so that `write` never waits.
package protocol BlobSink: AnyObject, Sendable {
    /// Takes the next bytes.
    func write(_ bytes: Span<UInt8>)

    /// Bytes taken but not yet put where they shall be; the writer's measure for back-pressure.
    var pendingBytes: Int { get }

    /// Says that all bytes have come.
    func finish()

    /// Says that no more bytes will come and those that came are of no use.
    func abort()
}
