import Orchestrator

/// The hosts that may see a provider's credential: that of its base URL, and those that its declaration names.
///
/// Vendors name addresses in their replies; a wrong one would make us hand the key to a stranger.
struct HostList: Sendable {
    private enum Pattern: Sendable {
        /// With a port unless it is the scheme's own.
        case host(String)
        /// Every host below this domain, not the domain itself; begins with a dot.
        case below(String)
    }

    private let base: BaseURL
    private var patterns: [Pattern] = []

    init(_ base: BaseURL, _ names: [String] = []) {
        self.base = base
        for name in names {
            patterns.append(name.hasPrefix("*.") ? .below(String(name.dropFirst())) : .host(name))
        }
    }

    /// Whether a name of the file is `host`, `host:port` or `*.domain`, in lower case.
    static func isPattern(_ name: String) -> Bool {
        let host = name.hasPrefix("*.") ? String(name.dropFirst(2)) : name
        guard !host.isEmpty, host == host.lowercased(), let origin = WebOrigin(of: "https://\(host)") else {
            return false
        }
        if name.hasPrefix("*."), !host.contains(".") { return false }
        return origin.authority == host && !host.contains("/") && !host.contains("*") && !host.contains("?")
    }

    /// Whether the credential may be sent to `url`: never from https down to http.
    func allows(_ url: String) -> Bool {
        guard let origin = WebOrigin(of: url) else { return false }
        if origin == base.origin { return true }
        guard origin.scheme == "https" || base.origin.scheme == "http" else { return false }
        return patterns.contains { pattern in
            switch pattern {
            case .host(let host): origin.authority == host
            case .below(let domain): origin.authority.hasSuffix(domain) && !origin.authority.contains(":")
            }
        }
    }

    /// An address of a reply, made absolute; throws where the credential may not go there.
    func address(_ text: String, of what: String) throws(ProviderFailure) -> String {
        guard let url = base.resolving(text), allows(url) else {
            let place = WebOrigin(of: text)?.authority ?? "no host"
            // Whatever was begun there is lost to us, and may be billed.
            throw ProviderFailure(
                .unusable,
                "the \(what) address names '\(VendorQuote(place))', which is not the provider's nor among its 'hosts'"
            )
        }
        return url
    }
}

extension BaseURL {
    /// An address that may be relative to this one's origin, as absolute; nil for one that is no address.
    func resolving(_ text: String) -> String? {
        if WebOrigin(of: text) != nil { return text }
        // `//host/…` names another host.
        guard text.hasPrefix("/"), !text.hasPrefix("//"), !text.hasPrefix("/\\") else { return nil }
        let url = "\(origin.scheme)://\(origin.authority)\(text)"
        return WebOrigin(of: url) == origin ? url : nil
    }
}
