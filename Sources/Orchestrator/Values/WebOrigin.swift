/// Scheme, host and port of an address: what decides who may be shown a credential.
package struct WebOrigin: Sendable, Hashable {
    package var scheme: String
    /// Lower case; an IPv6 address without its brackets.
    package var host: String
    package var port: Int

    /// Reads the origin of an absolute http or https address; nil for any other, and for one that holds credentials.
    package init?(_ url: some StringProtocol) {
        guard let schemeEnd = url.firstRange(of: "://") else { return nil }
        scheme = url[..<schemeEnd.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else { return nil }
        let authority = url[schemeEnd.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" && $0 != "\\" }
        guard !authority.isEmpty, !authority.contains("@") else { return nil }
        port = scheme == "https" ? 443 : 80
        if authority.hasPrefix("[") {
            guard let close = authority.firstIndex(of: "]") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<close].lowercased()
            let rest = authority[authority.index(after: close)...]
            if !rest.isEmpty {
                guard rest.hasPrefix(":"), let number = Self.port(rest.dropFirst()) else { return nil }
                port = number
            }
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon].lowercased()
            guard let number = Self.port(authority[authority.index(after: colon)...]) else { return nil }
            port = number
        } else {
            host = authority.lowercased()
        }
        guard !host.isEmpty else { return nil }
    }

    private static func port(_ text: some StringProtocol) -> Int? {
        // `UInt16` would take a sign.
        guard text.first != "+", let number = UInt16(text), number > 0 else { return nil }
        return Int(number)
    }
}
