package import Orchestrator

/// What a vendor does on the wire in answer to one request, misbehaviour included.
package struct FakeReply: Sendable {
    /// A piece of the body, or what happens in its middle.
    package enum Part: Sendable {
        case bytes([UInt8])
        /// Nothing more is sent until the gate opens.
        case wait(Gate)
        /// The connection is reset.
        case reset
    }

    package enum Conduct: Sendable {
        /// Head, then the parts of the body.
        case answers
        /// Silence until the peer leaves.
        case hangs
        /// The connection closes without a byte.
        case closes
    }

    package enum Framing: Sendable {
        /// `Content-Length`, the sum of all parts, also of those that a reset keeps from being sent.
        case length
        /// Chunked coding.
        case chunked
    }

    package var conduct = Conduct.answers
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var parts: [Part]
    package var framing = Framing.length

    package init(_ status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        parts = body.isEmpty ? [] : [.bytes(body)]
    }

    package static func json(
        _ status: Int,
        _ body: JSON,
        headers: [(name: String, value: String)] = []
    ) -> FakeReply {
        FakeReply(status, headers: headers + [("content-type", "application/json")], body: body.serialized())
    }

    package static let hang = FakeReply(conduct: .hangs)
    package static let close = FakeReply(conduct: .closes)

    private init(conduct: Conduct) {
        self.init(0)
        self.conduct = conduct
    }

    /// All bytes of the body, whatever happens between them.
    package var body: [UInt8] {
        parts.flatMap { part -> [UInt8] in
            if case .bytes(let bytes) = part { bytes } else { [] }
        }
    }

    /// The body as JSON; nil if it is none.
    package var json: JSON? {
        try? JSON(parsing: body)
    }

    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// The same reply whose body ends, complete by its own length, after half of its bytes.
    package var truncated: FakeReply {
        var copy = self
        copy.parts = [.bytes(Array(body.prefix(max(1, body.count / 2))))]
        return copy
    }

    /// The same reply, its connection reset after half of the announced body.
    package var cut: FakeReply {
        var copy = self
        let whole = body
        copy.parts = [
            .bytes(Array(whole.prefix(whole.count / 2))), .reset, .bytes(Array(whole.dropFirst(whole.count / 2))),
        ]
        return copy
    }
}
