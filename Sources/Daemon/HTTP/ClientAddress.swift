import Transport

/// Finds whose request it is when proxies stand between: the rightmost hop that is no trusted proxy.
enum ClientAddress {
    static func find(peer: PeerAddress, forwardedFor: [String], trusted: [AddressBlock]) -> String {
        var address = peer.text
        guard !trusted.isEmpty, trusted.contains(where: { $0.contains(address) }) else { return address }
        let hops = forwardedFor.joined(separator: ",").split(separator: ",")
        for hop in hops.reversed() {
            let text = String(hop.trimmingSpaces)
            guard !text.contains("/"), AddressBlock(text) != nil else { break }
            address = text
            if !trusted.contains(where: { $0.contains(text) }) { break }
        }
        return address
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
