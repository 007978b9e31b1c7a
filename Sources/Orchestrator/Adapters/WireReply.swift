/// One complete reply of a vendor, its pictures already out of it.
///
/// Long base64 strings never reach an adapter: they were decoded while they arrived, and stand in the document as
/// `JSON.blob`, by whose number an adapter names them.
public struct WireReply: Sendable {
    /// What the reply's bytes turned out to be.
    public enum Body: Sendable {
        /// A JSON document.
        case document(JSON)
        /// The bytes of one picture.
        case picture(BlobID)
        /// Something else, at most 64 KiB of it.
        case text(String)
    }

    /// The HTTP status.
    public var status: Int
    /// Names in lower case.
    public var headers: [(name: String, value: String)]
    /// What the bytes were.
    public var body: Body

    /// A reply as the transport, or a test, read it.
    public init(status: Int, headers: [(name: String, value: String)] = [], body: Body) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The first value of a header, named in lower case.
    public func header(_ name: String) -> String? {
        headers.first { $0.name == name }?.value
    }

    /// The document, where the body is one.
    public var document: JSON? {
        if case .document(let document) = body { document } else { nil }
    }

    /// Whether the status is 200...299.
    public var isSuccess: Bool { (200..<300).contains(status) }

    /// `Retry-After` in seconds, or OpenAI's `retry-after-ms`; dates are not read, nobody here sends them.
    public var retryAfter: Duration? {
        if let text = header("retry-after-ms"), let value = Double(text), value >= 0, value < 86_400_000 {
            return .milliseconds(Int64(value))
        }
        guard let text = header("retry-after"), let value = Double(text), value >= 0, value < 86_400 else { return nil }
        return .milliseconds(Int64(value * 1000))
    }
}
