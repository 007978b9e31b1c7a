/// One HTTP call to a vendor, complete but for the credential, which only the transport knows.
public struct WireRequest: Sendable {
    /// The verbs that vendors use.
    public enum Method: String, Sendable {
        case get = "GET"
        /// As GET, with an answer that has no body.
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case delete = "DELETE"
    }

    /// The verb.
    public var method: Method
    /// Absolute, http or https.
    public var url: String
    /// Sent as they are; never a credential.
    public var headers: [(name: String, value: String)]
    /// What is sent.
    public var body: WireBody
    /// How the credential is shown.
    public var authentication: Authentication
    /// How the transport reads a success.
    public var reply: ReplyKind

    /// A call with no headers of its own.
    public init(
        _ method: Method,
        _ url: String,
        body: WireBody = .none,
        authentication: Authentication = .none,
        reply: ReplyKind = .document
    ) {
        self.method = method
        self.url = url
        self.body = body
        self.authentication = authentication
        self.reply = reply
        headers = []
    }
}

/// How a vendor wants to be shown the credential.
public enum Authentication: Sendable, Hashable {
    /// Not at all: the call goes to a host that must not see it, or needs none.
    case none
    /// In this header, after this prefix: `("authorization", "Bearer ")`, `("x-key", "")`.
    case header(name: String, prefix: String)
    /// As a user's name and password, `name:password` (RFC 7617).
    case basic

    /// `Authorization: Bearer …`.
    public static let bearer = Authentication.header(name: "authorization", prefix: "Bearer ")
}

/// What a successful reply consists of.
public enum ReplyKind: Sendable, Hashable {
    /// JSON, in which long base64 strings are pictures; or a picture itself, by `Content-Type`.
    case document
    /// The bytes of one picture, whatever the `Content-Type`.
    case picture
    /// Server-sent events, each with a JSON document.
    case events
}

/// The body of a vendor call.
public enum WireBody: Sendable {
    case none
    case json(JSON)
    case form([FormPart])
    /// Bytes as they are, all of them or a part; their type is one of the request's headers.
    case bytes(ByteSource, part: Range<Int64>? = nil)
}

/// One part of a `multipart/form-data` body.
public struct FormPart: Sendable {
    /// What a part holds.
    public enum Content: Sendable {
        case text(String)
        case file(ByteSource, name: String, mediaType: String)
    }

    /// The form field.
    public var name: String
    /// What it holds.
    public var content: Content

    /// A text field.
    public init(_ name: String, _ text: String) {
        self.name = name
        content = .text(text)
    }

    /// A picture, with a file name made from its true format.
    public init(_ name: String, _ image: InputImage) {
        self.name = name
        content = .file(
            image.source,
            name: "\(name.filter { $0 != "[" && $0 != "]" }).\(image.format.fileExtension)",
            mediaType: image.format.mediaType
        )
    }
}

extension WireBody {
    /// The body as a reader of `explain` sees it: JSON as it is, a form as an object of its text fields and file sizes.
    public var preview: JSON {
        switch self {
        case .none: return .object([:])
        case .json(let document): return document
        case .bytes(let source, let part): return .string("<\(part.map { Int64($0.count) } ?? source.byteCount) bytes>")
        case .form(let parts):
            var fields = JSONObject()
            for part in parts {
                let shown: JSON =
                    switch part.content {
                    case .text(let text): .string(text)
                    case .file(let source, _, let mediaType): .string("<\(mediaType), \(source.byteCount) bytes>")
                    }
                switch fields[part.name] {
                case nil: fields[part.name] = shown
                case .array(let earlier): fields[part.name] = .array(earlier + [shown])
                case let earlier?: fields[part.name] = .array([earlier, shown])
                }
            }
            return .object(fields)
        }
    }
}
