/// Reads HTTP/1.1 messages from a blocking socket, one after the other.
struct HTTPReader {
    /// A head and its body.
    struct Message {
        var startLine: String
        var headers: [(name: String, value: String)]
        var body: [UInt8]
        /// Whether the body, if it says how long it is, came whole.
        var isComplete = true

        func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
    }

    private let socket: Int32
    private var buffer: [UInt8] = []

    init(_ socket: Int32) {
        self.socket = socket
    }

    /// The next message; nil once the peer has closed or sent what is no HTTP.
    ///
    /// `isResponse` says how a body without a length ends; `expectsBody` is false for the answer to HEAD.
    mutating func next(isResponse: Bool, expectsBody: Bool = true) -> Message? {
        guard var message = head() else { return nil }
        let status = message.startLine.split(separator: " ").dropFirst().first
        if !expectsBody || (isResponse && (status == "204" || status == "304")) { return message }
        if message.header("expect")?.lowercased() == "100-continue" {
            _ = Loopback.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8), to: socket)
        }
        if message.header("transfer-encoding")?.lowercased() == "chunked" {
            message.isComplete = chunks(into: &message.body)
        } else if let length = message.header("content-length").flatMap({ Int($0) }) {
            message.isComplete = fill(length)
            message.body = Array(buffer.prefix(length))
            buffer.removeFirst(min(length, buffer.count))
        } else if isResponse {
            while Loopback.receive(into: &buffer, from: socket) {}
            message.body = buffer
            buffer = []
        }
        return message.isComplete || isResponse ? message : nil
    }

    private mutating func head() -> Message? {
        guard let text = upTo("\r\n\r\n") else { return nil }
        var lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)[...]
        guard let startLine = lines.popFirst() else { return nil }
        let headers = lines.compactMap { line -> (name: String, value: String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            return (line[..<colon].lowercased(), String(value))
        }
        return Message(startLine: String(startLine), headers: headers, body: [])
    }

    /// Takes the text before a mark, and the mark away.
    private mutating func upTo(_ mark: String) -> String? {
        let mark = Array(mark.utf8)
        var searched = 0
        while true {
            if let end = buffer.firstIndex(of: mark, from: max(0, searched - mark.count)) {
                let text = String(decoding: buffer[..<end], as: UTF8.self)
                buffer.removeFirst(end + mark.count)
                return text
            }
            searched = buffer.count
            guard Loopback.receive(into: &buffer, from: socket) else { return nil }
        }
    }

    private mutating func fill(_ count: Int) -> Bool {
        while buffer.count < count {
            guard Loopback.receive(into: &buffer, from: socket) else { return false }
        }
        return true
    }

    private mutating func chunks(into body: inout [UInt8]) -> Bool {
        while let line = upTo("\r\n"), let size = Int(line.prefix { $0 != ";" }, radix: 16) {
            if size == 0 {
                while let trailer = upTo("\r\n") { if trailer.isEmpty { return true } }
                return false
            }
            let isWhole = fill(size)
            body += buffer.prefix(size)
            buffer.removeFirst(min(size, buffer.count))
            guard isWhole, upTo("\r\n") != nil else { return false }
        }
        return false
    }
}
