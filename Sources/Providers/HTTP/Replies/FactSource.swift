import Orchestrator

/// Where a reply states a fact: in its document, in a header, or by its status.
enum FactSource: Sendable, Hashable {
    case document(Pointer)
    /// In lower case.
    case header(String)
    case status

    init(_ node: ConfigNode) throws(ConfigError) {
        let text = try node.string()
        if text == "status" {
            self = .status
        } else if text.hasPrefix("header:") {
            let name = text.dropFirst(7)
            guard !name.isEmpty, name.utf8.allSatisfy(HeaderName.isAllowed) else {
                throw node.error(at: 7, "'\(name)' is no name of a header")
            }
            self = .header(name.lowercased())
        } else {
            self = .document(try node.pointer())
        }
    }

    /// The words that it has in a reply, none where it is silent.
    func words(in reply: WireReply) -> [String] {
        switch self {
        case .document(let pointer): reply.document.map { pointer.values(in: $0).compactMap(\.word) } ?? []
        case .header(let name): reply.header(name).map { [$0] } ?? []
        case .status: [String(reply.status)]
        }
    }
}

/// Names of headers (RFC 9110 section 5.1).
enum HeaderName {
    static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    /// Headers that carry credentials, which no template may name, or that belong to the transport.
    static let reserved: Set<String> = [
        "authorization", "proxy-authorization", "cookie", "host", "content-length", "transfer-encoding", "connection",
        "x-api-key", "x-key", "api-key", "x-goog-api-key",
    ]
}

extension ConfigNode {
    /// A pointer into a reply.
    func pointer() throws(ConfigError) -> Pointer {
        // An empty value is the whole document, which YAML reads as nothing.
        let text = isNull ? "" : try string()
        do throws(Pointer.Malformed) {
            return try Pointer(text)
        } catch {
            throw self.error(at: error.offset, error.message, hint: error.hint)
        }
    }

    /// One value, or a list of them.
    func oneOrMore<T>(_ read: (ConfigNode) throws(ConfigError) -> T) throws(ConfigError) -> [T] {
        if case .sequence = content { return try list(read) }
        return [try read(self)]
    }
}
