import Orchestrator

/// The address that a provider's entry names, and with it the only origin that may see the provider's credential.
struct BaseURL: Sendable, Hashable {
    /// Absolute, without a trailing slash.
    let text: String
    let origin: WebOrigin

    /// Reads `base_url` of a provider's entry, or takes the vendor's public address.
    init(_ node: ConfigNode, standard: String) throws(ConfigError) {
        var text = try node.optionalString("base_url") ?? standard
        while text.hasSuffix("/") { text.removeLast() }
        guard let origin = WebOrigin(of: text), !text.contains("?"), !text.contains("#") else {
            throw node.error("base_url", "must be an http or https address, not '\(text)'", hint: "such as \(standard)")
        }
        self.text = text
        self.origin = origin
    }

    /// The address of a path below this one; `path` begins with a slash and is already encoded.
    func appending(_ path: String) -> String { text + path }

    /// Whether `url` lies at this provider's own origin; anything doubtful does not.
    func isOrigin(of url: String) -> Bool { WebOrigin(of: url) == origin }
}

/// Scheme, host and port of an address (RFC 6454), as far as they decide who may see a credential.
struct WebOrigin: Sendable, Hashable {
    let scheme: String
    /// Host, and port unless it is the scheme's own.
    let authority: String

    /// Nil for anything but a plain http or https address: user names, blanks, backslashes and other characters on
    /// which readers of addresses disagree make an address foreign.
    init?(of url: String) {
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }) else { return nil }
        let parts = url.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].hasPrefix("//") else { return nil }
        scheme = parts[0].lowercased()
        let host = parts[1].dropFirst(2).prefix { $0 != "/" && $0 != "?" && $0 != "#" }.lowercased()
        guard !host.isEmpty, !host.contains("@"), !host.contains("%") else { return nil }
        switch scheme {
        case "http": authority = host.hasSuffix(":80") ? String(host.dropLast(3)) : host
        case "https": authority = host.hasSuffix(":443") ? String(host.dropLast(4)) : host
        default: return nil
        }
        guard !authority.isEmpty, authority.first != ":" else { return nil }
    }
}
