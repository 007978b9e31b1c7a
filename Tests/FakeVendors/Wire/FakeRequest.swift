package import Orchestrator

/// One HTTP request as a vendor sees it, its body complete.
package struct FakeRequest: Sendable {
    package var method: String
    /// The path as sent, without the query.
    package var path: String
    /// Decoded query parameters; the last of equal names counts.
    package var query: [String: String]
    /// Names in lower case, in the order of arrival.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    package init(
        _ method: String,
        _ path: String,
        query: [String: String] = [:],
        headers: [(name: String, value: String)] = [],
        body: [UInt8] = []
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers.map { ($0.name.lowercased(), $0.value) }
        self.body = body
    }

    /// A JSON request with a bearer key.
    package static func json(_ path: String, key: String, _ body: JSON) -> FakeRequest {
        FakeRequest(
            "POST",
            path,
            headers: [("authorization", "Bearer \(key)"), ("content-type", "application/json")],
            body: body.serialized()
        )
    }

    /// A multipart request with a bearer key.
    package static func form(_ path: String, key: String, _ form: FormBody) -> FakeRequest {
        FakeRequest(
            "POST",
            path,
            headers: [("authorization", "Bearer \(key)"), ("content-type", form.contentType)],
            body: form.bytes
        )
    }

    /// The value of the first header called `name`, in any case.
    package func header(_ name: String) -> String? {
        headers.first { $0.name == name.lowercased() }?.value
    }

    /// The media type of the body in lower case, without parameters; empty when none is stated.
    package var mediaType: String {
        String(header("content-type")?.prefix { $0 != ";" } ?? "").lowercased().filter { $0 != " " }
    }

    /// What follows `prefix` in the path; nil when the path does not start so.
    package func path(after prefix: String) -> String? {
        path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : nil
    }

    /// A name or value of a query or plain form, as it was meant; nil for a broken escape.
    static func formDecoded(_ text: Substring) -> String? {
        var (bytes, rest) = ([UInt8](), Array(text.utf8)[...])
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
