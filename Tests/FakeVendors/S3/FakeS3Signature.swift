import Foundation

/// Signature Version 4 from the service's side, written apart from the daemon's, which it checks.
enum FakeS3Signature {
    /// What S3 would object to in a request, before it looks at what is asked; nil for nothing.
    static func objection(to request: FakeRequest) -> (status: Int, code: String)? {
        guard let hash = request.header("x-amz-content-sha256") else { return (400, "MissingSecurityHeader") }
        guard hash == SHA256.hex(request.body) else { return (400, "XAmzContentSHA256Mismatch") }
        if let sum = request.header("x-amz-checksum-sha256"), sum != checksum(request.body) {
            return (400, "BadDigest")
        }
        guard let date = request.header("x-amz-date"), let moment = moment(date) else { return (403, "AccessDenied") }
        guard abs(moment.timeIntervalSinceNow) < 900 else { return (403, "RequestTimeTooSkewed") }
        guard let authorization = request.header("authorization"),
            let credential = word("Credential=", in: authorization)?.split(separator: "/"), credential.count == 5,
            let names = word("SignedHeaders=", in: authorization)?.split(separator: ";").map(String.init),
            let signature = word("Signature=", in: authorization)
        else { return (403, "AccessDenied") }
        guard credential[0] == FakeS3.accessKey[...] else { return (403, "InvalidAccessKeyId") }
        // All that could change what the request does has to be signed.
        let mustBeSigned = request.headers.map(\.name).filter { $0.hasPrefix("x-amz-") || $0 == "range" } + ["host"]
        guard Set(mustBeSigned).isSubset(of: names), names == names.sorted() else { return (403, "AccessDenied") }
        let query = request.query.map { "\(encoded($0.key))=\(encoded($0.value))" }.sorted().joined(separator: "&")
        let headers = names.map { "\($0):\(request.header($0) ?? "")\n" }.joined()
        let canonical = [request.method, request.path, query, headers, names.joined(separator: ";"), hash]
            .joined(separator: "\n")
        let scope = credential[1...].joined(separator: "/")
        let toSign = "AWS4-HMAC-SHA256\n\(date)\n\(scope)\n\(SHA256.hex(Array(canonical.utf8)))"
        var key = Array("AWS4\(FakeS3.secretKey)".utf8)
        for part in credential[1...] { key = bytes(code(Array(part.utf8), key)) }
        return code(Array(toSign.utf8), key) == signature ? nil : (403, "SignatureDoesNotMatch")
    }

    /// As `x-amz-checksum-sha256` has it.
    static func checksum(_ content: [UInt8]) -> String { Data(bytes(SHA256.hex(content))).base64EncodedString() }

    /// As SigV4 wants names and values of a query: all but unreserved characters escaped (RFC 3986).
    private static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                String(UnicodeScalar(byte))
            default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }

    private static func word(_ name: String, in text: String) -> String? {
        text.range(of: name).map { String(text[$0.upperBound...].prefix { $0 != "," }) }
    }

    /// HMAC-SHA-256 of a message in hex, for keys that are no longer than a block.
    private static func code(_ message: [UInt8], _ key: [UInt8]) -> String {
        let padded = key + [UInt8](repeating: 0, count: 64 - key.count)
        let inner = bytes(SHA256.hex(padded.map { $0 ^ 0x36 } + message))
        return SHA256.hex(padded.map { $0 ^ 0x5C } + inner)
    }

    private static func bytes(_ hex: String) -> [UInt8] {
        stride(from: 0, to: hex.utf8.count, by: 2).compactMap { UInt8(hex.dropFirst($0).prefix(2), radix: 16) }
    }

    private static func moment(_ text: String) -> Date? {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "UTC")
        formatter.dateFormat = "yyyyMMdd'T'HHmmss'Z'"
        return formatter.date(from: text)
    }
}
