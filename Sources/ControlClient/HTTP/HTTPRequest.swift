/// One request to the daemon.
struct HTTPRequest {
    enum Body {
        case none
        case bytes([UInt8])
        case form([FormPart])
    }

    /// A field of a form; one with a file name is an upload.
    struct FormPart {
        var name: String
        var bytes: [UInt8]
        var fileName: String?
        var mediaType: String?
    }

    var method: String
    var url: String
    var userAgent: String
    var headers: [(name: String, value: String)] = []
    var body = Body.none
    /// For the whole answer; nil: none.
    var timeLimit: Duration?
    /// How long nothing may come; nil: for ever.
    var silenceLimit: Duration?
    /// An answer that is larger is no answer of the daemon's.
    var mostBytes = 256 << 20
    /// Takes the body of a good answer as it comes; false ends the transfer.
    var onBytes: (([UInt8]) -> Bool)?
    /// Called now and then while the answer is awaited.
    var onTick: (() -> Void)?
}

/// One answer of the daemon.
struct HTTPReply {
    var status: Int
    /// Names in lower case.
    var headers: [(name: String, value: String)]
    var body: [UInt8]

    var isSuccess: Bool { (200..<300).contains(status) }

    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

/// Why there is no answer.
struct HTTPProblem: Error {
    enum Kind {
        /// No connection was made.
        case unreachable
        case timedOut
        /// The connection ended before the answer did.
        case brokenOff
        case other
    }

    var kind: Kind
    /// libcurl's words.
    var message: String

    init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
}
