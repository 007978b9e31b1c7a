internal import Orchestrator

/// Where the objects of a bucket are: the bucket stands in the path, or before the service's host.
struct S3Address: Sendable {
    private let scheme: String
    /// With the port unless it is the scheme's own: what the `Host` header says.
    let host: String
    /// In front of every key and its slash, percent-encoded.
    private let base: String

    /// `settings.endpoint` is absolute, without a trailing slash.
    init(_ settings: S3Settings) {
        let isSecure = settings.endpoint.hasPrefix("https:")
        scheme = isSecure ? "https" : "http"
        let rest = settings.endpoint.drop { $0 != "/" }.dropFirst(2)
        var authority = rest.prefix { $0 != "/" }.lowercased()
        let standard = isSecure ? ":443" : ":80"
        if authority.hasSuffix(standard) { authority.removeLast(standard.utf8.count) }
        let path = rest.drop { $0 != "/" }
        switch settings.addressing {
        case .path:
            host = authority
            base = "\(path)/\(SignatureV4.encoded(settings.bucket))"
        case .host:
            host = "\(settings.bucket).\(authority)"
            base = String(path)
        }
    }

    /// The path of an object, or of the bucket itself where the key is empty; percent-encoded.
    func path(_ key: String) -> String {
        key.isEmpty && !base.isEmpty ? base : "\(base)/\(SignatureV4.encoded(key, keepsSlashes: true))"
    }

    func url(_ key: String, _ query: [(name: String, value: String)]) -> String {
        "\(scheme)://\(host)\(path(key))" + (query.isEmpty ? "" : "?" + SignatureV4.text(of: query))
    }
}
