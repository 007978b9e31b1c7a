import Glibc

/// What an IP address is reserved for, by IANA's special-purpose registries (IPv4 and IPv6, as of 2024).
///
/// An IPv6 address that carries an IPv4 one (mapped, NAT64, 6to4, …) is what the IPv4 address is, because a translator
/// on the way would connect to that.
package enum AddressClass: Sendable, Hashable, CaseIterable {
    /// An ordinary address of the Internet.
    case global
    /// This host, as a source only: `0.0.0.0/8`, `::`.
    case unspecified
    case loopback
    /// RFC 1918, and IPv6's unique and site-local addresses.
    case privateUse
    case linkLocal
    /// Between a provider and its customers' routers: `100.64.0.0/10`.
    case carrierGrade
    case multicast
    /// For examples in texts.
    case documentation
    /// For laboratories: `198.18.0.0/15`, `2001:2::/48`.
    case benchmarking
    /// Where a cloud answers its guests' questions about themselves, on an address that looks ordinary.
    case metadata
    /// Reserved, deprecated or for protocols among routers.
    case reserved

    /// Whether a call that must stay on the Internet may connect to it.
    package var isPublic: Bool { self == .global }
}

extension AddressClass {
    /// Classifies an IPv4 address given as a number, the first octet in the highest bits.
    package init(v4 address: UInt32) {
        let entry = Self.v4Blocks.first { block in
            address >> (32 - block.length) == block.prefix >> (32 - block.length)
        }
        self = entry?.meaning ?? .global
    }

    /// Classifies an IPv6 address given as a number, the first octet in the highest bits.
    package init(v6 address: UInt128) {
        if let inner = Self.embeddedV4(in: address) {
            self.init(v4: inner)
            return
        }
        let entry = Self.v6Blocks.first { block in
            address >> (128 - block.length) == block.prefix >> (128 - block.length)
        }
        // Only 2000::/3 has been given out to the Internet (RFC 4291 section 4, IANA's IPv6 address space).
        self = entry?.meaning ?? (address >> 125 == 0b001 ? .global : .reserved)
    }

    /// Classifies the 4 or 16 octets of an address in network order; nil for any other count.
    package init?(octets: Span<UInt8>) {
        var number: UInt128 = 0
        for index in octets.indices { number = number << 8 | UInt128(octets[index]) }
        switch octets.count {
        case 4: self.init(v4: UInt32(truncatingIfNeeded: number))
        case 16: self.init(v6: number)
        default: return nil
        }
    }

    /// Classifies an address written as text, strictly: dotted decimal with four parts, or RFC 4291; nil for anything else.
    package init?(text: String) {
        var storage: InlineArray<16, UInt8> = .init(repeating: 0)
        let isV6 = text.utf8.contains(UInt8(ascii: ":"))
        var bytes = storage.mutableSpan
        let code = unsafe bytes.withUnsafeMutableBytes { buffer in
            unsafe inet_pton(isV6 ? AF_INET6 : AF_INET, text, buffer.baseAddress)
        }
        guard code == 1 else { return nil }
        self.init(octets: storage.span.extracting(first: isV6 ? 16 : 4))
    }
}

extension AddressClass {
    private typealias V4Block = (prefix: UInt32, length: UInt32, meaning: AddressClass)
    private typealias V6Block = (prefix: UInt128, length: UInt128, meaning: AddressClass)

    /// Narrow blocks stand before the wide ones that hold them.
    private static let v4Blocks: [V4Block] = [
        (0xA83F_8110, 32, .metadata),  // 168.63.129.16, Azure's host, on an address that is no reserved one
        (0x0000_0000, 8, .unspecified),
        (0x0A00_0000, 8, .privateUse),
        (0x6440_0000, 10, .carrierGrade),
        (0x7F00_0000, 8, .loopback),
        (0xA9FE_0000, 16, .linkLocal),  // holds the metadata services on 169.254.169.254
        (0xAC10_0000, 12, .privateUse),
        (0xC000_0000, 24, .reserved),  // protocol assignments, RFC 6890
        (0xC000_0200, 24, .documentation),
        (0xC01F_C400, 24, .reserved),  // AS112, RFC 7535
        (0xC034_C100, 24, .reserved),  // AMT, RFC 7450
        (0xC058_6300, 24, .reserved),  // 6to4 relays, deprecated by RFC 7526
        (0xC0A8_0000, 16, .privateUse),
        (0xC0AF_3000, 24, .reserved),  // AS112, RFC 7534
        (0xC612_0000, 15, .benchmarking),
        (0xC633_6400, 24, .documentation),
        (0xCB00_7100, 24, .documentation),
        (0xE000_0000, 4, .multicast),
        (0xF000_0000, 4, .reserved),  // with the broadcast address
    ]

    private static let v6Blocks: [V6Block] = [
        (0, 128, .unspecified),
        (1, 128, .loopback),
        (0x0064_FF9B_0001 << 80, 48, .reserved),  // NAT64 for local use: what it leads to only its router knows
        (0x0100 << 112, 64, .reserved),  // discard-only, RFC 6666
        (0x2001_0DB8 << 96, 32, .documentation),
        (0x2001_0002 << 96, 48, .benchmarking),
        (0x2001 << 112, 23, .reserved),  // protocol assignments with Teredo and ORCHID
        (0x3FFF << 112, 20, .documentation),
        (0xFC00 << 112, 7, .privateUse),
        (0xFE80 << 112, 10, .linkLocal),
        (0xFEC0 << 112, 10, .privateUse),
        (0xFF00 << 112, 8, .multicast),
    ]

    /// The IPv4 address that an IPv6 address carries, where its form says so.
    private static func embeddedV4(in address: UInt128) -> UInt32? {
        let low = UInt32(truncatingIfNeeded: address)
        switch address >> 32 {
        case 0xFFFF,  // mapped, RFC 4291 section 2.5.5.2
            0xFFFF_0000,  // translated, RFC 2765
            0x0064_FF9B << 64:  // NAT64, RFC 6052
            return low
        case 0 where low > 1:  // compatible, deprecated by RFC 4291 section 2.5.5.1
            return low
        default:
            break
        }
        if address >> 112 == 0x2002 { return UInt32(truncatingIfNeeded: address >> 80) }  // 6to4, RFC 3056
        let interface = UInt32(truncatingIfNeeded: address >> 32)
        if interface == 0x0000_5EFE || interface == 0x0200_5EFE {  // ISATAP, RFC 5214 section 6.1
            let inner = AddressClass(v4: low)
            return inner.isPublic ? nil : low  // the outer prefix still has to be a public one
        }
        return nil
    }
}
