import CSystem

/// One end of a TCP connection; an IPv4 address mapped into IPv6 counts as IPv4.
package struct PeerAddress: Sendable, Hashable {
    private let high: UInt64
    private let low: UInt64
    package let port: UInt16
    package let isIPv4: Bool

    init(_ address: system_address) {
        high = address.high
        low = address.low
        port = address.port
        isIPv4 = address.is_ipv4 != 0
    }

    /// The address in network order: 4 bytes for IPv4, 16 for IPv6.
    package var bytes: [UInt8] {
        isIPv4
            ? (0..<4).map { UInt8(truncatingIfNeeded: low >> (24 - 8 * $0)) }
            : (0..<16).map { UInt8(truncatingIfNeeded: ($0 < 8 ? high : low) >> (56 - 8 * ($0 % 8))) }
    }

    /// The address as text, without port and brackets: `192.0.2.7`, `2001:db8::1`.
    package var text: String {
        var address = system_address(high: high, low: low, port: port, is_ipv4: isIPv4 ? 1 : 0)
        return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
            guard let start = text.baseAddress else { return "" }
            unsafe start.initialize(repeating: 0, count: 64)
            unsafe system_address_text(&address, start, 64)
            return unsafe String(cString: start)
        }
    }
}

extension PeerAddress: CustomStringConvertible {
    package var description: String { isIPv4 ? "\(text):\(port)" : "[\(text)]:\(port)" }
}
