import Transport

/// Finds whose request it is when proxies stand between: the rightmost hop that is no trusted proxy.
enum ClientAddress {
    static func find(peer: PeerAddress, forwardedFor: [String], trusted: [AddressBlock]) -> String {
        var address = peer.text
        guard !trusted.isEmpty, trusted.contains(where: { $0.contains(address) }) else { return address }
        let hops = forwardedFor.joined(separator: ",").split(separator: ",")
        for hop in hops.reversed() {
            guard let text = AddressBlock.canonical(withoutPort(hop.trimmingSpaces)) else { break }
            address = text
            if !trusted.contains(where: { $0.contains(text) }) { break }
        }
        return address
    }

    /// Some proxies write the port of a hop as well: `192.0.2.7:4711`, `[2001:db8::7]:4711`.
    private static func withoutPort(_ hop: Substring) -> Substring {
        let isPort = { (text: Substring) in
            (1...5).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        }
        if hop.first == "[", let close = hop.firstIndex(of: "]") {
            let rest = hop[hop.index(after: close)...]
            guard rest.isEmpty || (rest.first == ":" && isPort(rest.dropFirst())) else { return hop }
            return hop[hop.index(after: hop.startIndex)..<close]
        }
        guard let colon = hop.firstIndex(of: ":"), isPort(hop[hop.index(after: colon)...]) else { return hop }
        return hop[..<colon]
    }
}

extension Substring {
    fileprivate var trimmingSpaces: Substring {
        var text = self
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
