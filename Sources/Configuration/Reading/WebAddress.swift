/// The parts of an `http` or `https` URL that a configuration must get right; stricter than RFC 3986 on purpose.
struct WebAddress {
    let hasCredentials: Bool
    let hasQuery: Bool
    /// Whether nothing follows host and port.
    let isOrigin: Bool
    let withoutTrailingSlash: String

    /// Nil unless the text is an absolute URL with a host, and holds no blank, quote or control character.
    init?(_ text: String) {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !#"<>"{}|\^`"#.utf8.contains($0) }) else { return nil }
        let scheme = text.hasPrefix("https://") ? 8 : text.hasPrefix("http://") ? 7 : 0
        guard scheme > 0 else { return nil }
        let rest = text.dropFirst(scheme)
        let authority = rest.prefix { !"/?#".contains($0) }
        let user = authority.lastIndex(of: "@")
        let location = user.map { authority[authority.index(after: $0)...] } ?? authority
        guard Self.isLocation(location) else { return nil }
        let tail = rest[authority.endIndex...]
        let path = tail.prefix { !"?#".contains($0) }
        guard !path.contains("//"), !path.split(separator: "/").contains("..") else { return nil }
        hasCredentials = user != nil
        hasQuery = path.endIndex != tail.endIndex
        isOrigin = tail.isEmpty
        withoutTrailingSlash = text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    private static func isLocation(_ text: Substring) -> Bool {
        if text.hasSuffix("]") || !text.contains(":") { return isHost(text) }
        guard let colon = text.lastIndex(of: ":") else { return false }
        let digits = text[text.index(after: colon)...]
        guard (1...5).contains(digits.utf8.count), let port = Int(digits), (1...65_535).contains(port) else {
            return false
        }
        return isHost(text[..<colon])
    }

    /// A name, an IPv4 address, or an IPv6 address in brackets.
    static func isHost(_ text: Substring) -> Bool {
        if text.hasPrefix("["), text.hasSuffix("]") { return IPNetwork.isIPv6(text.dropFirst().dropLast()) }
        guard (1...253).contains(text.utf8.count) else { return false }
        return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.utf8.count)
                && label.utf8.allSatisfy {
                    $0.isASCIILetterOrDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
                }
        }
    }
}

/// The form of IP addresses and of blocks of them.
enum IPNetwork {
    static func isWellFormed(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let address = parts.first, parts.count <= 2 else { return false }
        let bits = isIPv4(address) ? 32 : isIPv6(address) ? 128 : -1
        guard bits > 0 else { return false }
        guard parts.count == 2 else { return true }
        guard (1...3).contains(parts[1].utf8.count), let prefix = Int(parts[1]) else { return false }
        return (0...bits).contains(prefix)
    }

    static func isIPv4(_ text: Substring) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                (1...3).contains(part.utf8.count) && part.utf8.allSatisfy { $0.isASCIIDigit }
                    && (Int(part) ?? 256) < 256
            }
    }

    /// The forms of RFC 4291 section 2.2, an IPv4 tail included; zones are not taken.
    static func isIPv6(_ text: Substring) -> Bool {
        let halves = text.split(separator: "::", maxSplits: 2, omittingEmptySubsequences: false)
        guard text.contains(":"), halves.count <= 2 else { return false }
        var groups = 0
        for (index, half) in halves.enumerated() where !half.isEmpty {
            let parts = half.split(separator: ":", omittingEmptySubsequences: false)
            for (position, part) in parts.enumerated() {
                let isLast = index == halves.count - 1 && position == parts.count - 1
                if isLast, isIPv4(part) {
                    groups += 2
                } else if (1...4).contains(part.utf8.count), part.utf8.allSatisfy({ $0.isHexDigit }) {
                    groups += 1
                } else {
                    return false
                }
            }
        }
        return halves.count == 2 ? groups < 8 : groups == 8
    }
}

/// The form of `postgres://` URLs.
enum DatabaseURL {
    static func isWellFormed(_ text: String) -> Bool {
        guard let rest = rest(of: text), !rest.isEmpty else { return false }
        return text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    /// Whether a URL as it stands in the file, references not replaced, contains a password.
    static func revealsPassword(_ source: String) -> Bool {
        guard let rest = rest(of: source) else { return false }
        let authority = rest.prefix { $0 != "/" }
        if let at = authority.lastIndex(of: "@"), let colon = authority[..<at].firstIndex(of: ":") {
            let password = authority[authority.index(after: colon)..<at]
            if !password.isEmpty, !isReference(password) { return true }
        }
        guard let query = rest.firstIndex(of: "?") else { return false }
        return rest[query...].dropFirst().split(separator: "&").contains { parameter in
            let pair = parameter.split(separator: "=", maxSplits: 1)
            return pair.count == 2 && ["password", "sslpassword"].contains(pair[0].lowercased())
                && !isReference(pair[1])
        }
    }

    private static func rest(of text: String) -> Substring? {
        for scheme in ["postgres://", "postgresql://"] where text.hasPrefix(scheme) {
            return text.dropFirst(scheme.utf8.count)
        }
        return nil
    }

    private static func isReference(_ text: Substring) -> Bool {
        text.hasPrefix("${") && text.hasSuffix("}") && !text.dropLast().contains("}")
    }
}

extension UInt8 {
    fileprivate var isASCIIDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    fileprivate var isASCIILetterOrDigit: Bool {
        isASCIIDigit || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
    }

    fileprivate var isHexDigit: Bool {
        isASCIIDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self | 0x20)
    }
}
