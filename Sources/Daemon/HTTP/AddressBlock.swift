import Glibc
import Persistence

/// A block of addresses in CIDR notation, such as `10.0.0.0/8` or `fd00::/8`.
struct AddressBlock: Sendable, Hashable {
    /// The addresses by which a machine reaches itself.
    static let loopback = ["127.0.0.0/8", "::1"].compactMap(AddressBlock.init)

    private let bytes: [UInt8]
    private let bits: Int

    /// Reads a block, or a single address; nil for anything else.
    init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let bytes = Self.parse(String(parts[0])) else { return nil }
        var bits = bytes.count * 8
        if parts.count == 2 {
            guard let given = Int(parts[1]), (0...bits).contains(given) else { return nil }
            bits = given
        }
        self.bytes = bytes
        self.bits = bits
    }

    func contains(_ address: String) -> Bool {
        guard let other = Self.parse(address), other.count == bytes.count else { return false }
        let whole = bits / 8
        guard other[..<whole] == bytes[..<whole] else { return false }
        let rest = bits % 8
        guard rest > 0 else { return true }
        let mask = UInt8(truncatingIfNeeded: 0xFF00 >> rest)
        return other[whole] & mask == bytes[whole] & mask
    }

    /// One address in the form in which all limits count it, whatever form it came in; nil for what is none.
    static func canonical(_ text: Substring) -> String? {
        guard let bytes = parse(String(text)) else { return nil }
        if bytes.count == 4 { return bytes.map { "\($0)" }.joined(separator: ".") }
        var address = in6_addr()
        unsafe withUnsafeMutableBytes(of: &address) { buffer in unsafe buffer.copyBytes(from: bytes) }
        var form = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard unsafe inet_ntop(AF_INET6, &address, &form, socklen_t(INET6_ADDRSTRLEN)) != nil else { return nil }
        return String(decoding: form.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// What attempts are counted by: an IPv4 address, or the /64 that whoever has one IPv6 address usually has whole.
    static func holder(of address: String) -> String {
        guard let bytes = parse(address), bytes.count == 16 else { return address }
        return Hex.text(Array(bytes[..<8])) + "/64"
    }

    /// Bytes in network order; IPv4 addresses inside IPv6 are taken as IPv4.
    private static func parse(_ text: String) -> [UInt8]? {
        var four = in_addr()
        if unsafe inet_pton(AF_INET, text, &four) == 1 { return unsafe withUnsafeBytes(of: four) { unsafe Array($0) } }
        var six = in6_addr()
        guard unsafe inet_pton(AF_INET6, text, &six) == 1 else { return nil }
        let bytes = unsafe withUnsafeBytes(of: six) { unsafe Array($0) }
        return bytes[..<12] == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF] ? Array(bytes[12...]) : bytes
    }
}
