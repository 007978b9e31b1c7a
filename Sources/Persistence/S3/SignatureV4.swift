internal import Orchestrator

/// Signs requests by AWS Signature Version 4, with the exceptions that S3 makes: the path is signed as it is sent, and the
/// hash of the body is a header.
///
/// libcurl has the same, and version 7.88 signs some requests wrongly: those with a query that is not sorted, or with a name
/// in it that has no value, as every multipart upload has.
struct SignatureV4: Sendable {
    var accessKey: Secret
    var secretKey: Secret
    var region: String
    var service = "s3"

    /// What of a request is signed.
    struct Request: Sendable {
        var method: String
        /// With the port unless it is the scheme's own.
        var host: String
        /// Percent-encoded, as it is sent.
        var path: String
        /// Not encoded, in any order.
        var query: [(name: String, value: String)] = []
        /// Further headers; all of them are signed. Names in lower case.
        var headers: [(name: String, value: String)] = []
        /// SHA-256 of the body, in lower-case hex.
        var payloadHash: String
    }

    /// SHA-256 of a body without bytes.
    static let emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    /// The headers that have to be sent beside the request's own.
    struct Signed: Sendable {
        var date: String
        var payloadHash: String
        /// For `Authorization`.
        var authorization: Secret
    }

    func sign(_ request: Request, at time: Timestamp) -> Signed {
        let date = Self.compact(time)
        let day = String(date.prefix(8))
        let scope = "\(day)/\(region)/\(service)/aws4_request"
        var headers = request.headers.map { (name: $0.name, value: Self.collapsed($0.value)) }
        headers.append((name: "host", value: request.host))
        headers.append((name: "x-amz-content-sha256", value: request.payloadHash))
        headers.append((name: "x-amz-date", value: date))
        headers.sort { $0.name < $1.name }
        let names = headers.map(\.name).joined(separator: ";")
        let canonical = [
            request.method, request.path, Self.text(of: request.query),
            headers.map { "\($0.name):\($0.value)\n" }.joined(), names, request.payloadHash,
        ].joined(separator: "\n")
        let toSign = ["AWS4-HMAC-SHA256", date, scope, SHA256.hex(of: canonical)].joined(separator: "\n")
        let signature = Hex.text(Self.code(toSign, key: key(day)))
        return Signed(
            date: date,
            payloadHash: request.payloadHash,
            authorization: Secret(
                "AWS4-HMAC-SHA256 Credential=\(accessKey.reveal())/\(scope), SignedHeaders=\(names), "
                    + "Signature=\(signature)"
            )
        )
    }

    /// The key of one day, region and service.
    private func key(_ day: String) -> [UInt8] {
        [day, region, service, "aws4_request"].reduce(Array("AWS4\(secretKey.reveal())".utf8)) { key, part in
            Self.code(part, key: key)
        }
    }

    private static func code(_ text: String, key: [UInt8]) -> [UInt8] {
        MessageAuthentication.code(for: text.utf8Span.span, key: key.span)
    }

    /// `20150830T123600Z`.
    private static func compact(_ time: Timestamp) -> String {
        time.description.filter { $0.isNumber || $0 == "T" }.prefix(15) + "Z"
    }

    /// Without white space at the ends, and with one space for any within.
    private static func collapsed(_ value: String) -> String {
        value.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// A query as it is signed, and best sent: encoded, then sorted; a name without a value has a `=` too.
    static func text(of query: [(name: String, value: String)]) -> String {
        var pairs: [(name: String, value: String)] = query.map { (encoded($0.name), encoded($0.value)) }
        pairs.sort { a, b in a.name == b.name ? a.value < b.value : a.name < b.name }
        return pairs.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
    }

    /// Percent-encoded but for RFC 3986's unreserved characters, and slashes where they divide.
    static func encoded(_ text: String, keepsSlashes: Bool = false) -> String {
        PercentEncoding.encode(text, keeping: keepsSlashes ? "-._~/" : "-._~")
    }
}
