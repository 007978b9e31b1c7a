/// Takes in the bytes of one base64 string, decoded, while the document around it still arrives.
///
/// Class-bound, as scanner and owner share it. Writing neither blocks nor fails: a sink buffers, notes what went wrong,
/// and tells it when the owner asks. Calls come one after another, never at the same time.
package protocol BlobSink: AnyObject, Sendable {
    /// Takes the next bytes, which it copies if it keeps them.
    func write(_ bytes: Span<UInt8>)

    /// How many bytes were taken but not yet put where they belong: whoever reads the network pauses while it is high.
    var pendingBytes: Int { get }

    /// Ends the blob: every byte has been written, and the string was sound base64.
    func finish()

    /// Ends the blob early and drops it: the string was no base64, or the document broke off.
    func abort()
}
