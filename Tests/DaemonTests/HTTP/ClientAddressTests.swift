import CSystem
import Orchestrator
import Testing

@testable import Daemon
@testable import Transport

@Suite struct AddressBlockTests {
    static let blocks: [(String, [String], [String])] = [
        ("10.0.0.0/8", ["10.0.0.1", "10.255.255.255", "::ffff:10.1.2.3"], ["11.0.0.1", "9.255.255.255", "::1", ""]),
        ("10.1.2.3", ["10.1.2.3"], ["10.1.2.2", "10.1.2.4"]),
        ("10.1.2.3/32", ["10.1.2.3"], ["10.1.2.2"]),
        ("192.168.4.0/22", ["192.168.4.0", "192.168.7.255"], ["192.168.3.255", "192.168.8.0"]),
        ("0.0.0.0/0", ["0.0.0.0", "255.255.255.255"], ["::", "2001:db8::1"]),
        ("10.0.0.128/25", ["10.0.0.128", "10.0.0.255"], ["10.0.0.127", "10.0.1.0"]),
        ("fd00::/8", ["fd00::1", "fdff::"], ["fe00::", "10.0.0.1"]),
        ("::1", ["::1", "0:0:0:0:0:0:0:1"], ["::2", "127.0.0.1"]),
        ("2001:db8::/33", ["2001:db8:7fff::1"], ["2001:db8:8000::1"]),
        ("::ffff:10.0.0.1", ["10.0.0.1", "::ffff:10.0.0.1"], ["10.0.0.2"]),
    ]

    @Test(arguments: blocks)
    func `a block holds its addresses and no others`(block: String, inside: [String], outside: [String]) throws {
        let block = try #require(AddressBlock(block))
        for address in inside { #expect(block.contains(address), "\(address)") }
        for address in outside { #expect(!block.contains(address), "\(address)") }
    }

    @Test(arguments: [
        "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0/8", "10.0.0.256",
        "010.0.0.1x",
        "host", "::/129", "fe80::1%eth0", "10.0.0.0/a", "1.2.3.4:80", "[::1]",
    ])
    func `what is no block is refused`(text: String) {
        #expect(AddressBlock(text) == nil)
    }
}

@Suite struct ClientAddressTests {
    private static func peer(_ low: UInt64, isIPv4: Bool = true) -> PeerAddress {
        PeerAddress(system_address(high: 0, low: low, port: 4711, is_ipv4: isIPv4 ? 1 : 0))
    }

    /// 10.0.0.1, the proxy of these tests.
    private static let proxy: UInt64 = 0x0A00_0001

    static let found: [([String], String)] = [
        ([], "10.0.0.1"), ([""], "10.0.0.1"), (["192.0.2.7"], "192.0.2.7"), (["198.51.100.9, 192.0.2.7"], "192.0.2.7"),
        (["192.0.2.7, 10.0.0.5"], "192.0.2.7"), (["192.0.2.7", "10.0.0.5, 10.0.0.6"], "192.0.2.7"),
        (["10.0.0.5, 10.0.0.6"], "10.0.0.5"), ([" 192.0.2.7\t"], "192.0.2.7"), (["2001:db8::7"], "2001:db8::7"),
        // What a stranger wrote in front of the last true hop counts for nothing.
        (["10.0.0.9, evil, 192.0.2.7"], "192.0.2.7"), (["192.0.2.7, unknown"], "10.0.0.1"),
        (["192.0.2.7, unknown, 10.0.0.5"], "10.0.0.5"), (["192.0.2.7/32"], "10.0.0.1"),
        ([",,192.0.2.7,,"], "192.0.2.7"),
        // Ports are none of the address, and brackets only say where it ends.
        (["192.0.2.7:80"], "192.0.2.7"), (["[2001:db8::7]:4711"], "2001:db8::7"), (["[2001:db8::7]"], "2001:db8::7"),
        (["192.0.2.7:4711, 10.0.0.5:80"], "192.0.2.7"),
        // One address counts as one, however it is written.
        (["2001:DB8:0:0::0007"], "2001:db8::7"), (["::ffff:192.0.2.7"], "192.0.2.7"),
        (["::FFFF:C000:207"], "192.0.2.7"),
        (["192.0.2.7, ::ffff:10.0.0.5"], "192.0.2.7"),
        // Garbage from the last hop tells nothing: the proxy itself is held to account.
        (["192.0.2.7:"], "10.0.0.1"), (["192.0.2.7:port"], "10.0.0.1"), (["192.0.2.7:123456"], "10.0.0.1"),
        (["[2001:db8::7"], "10.0.0.1"), (["[2001:db8::7]x"], "10.0.0.1"), (["[2001:db8::7]:"], "10.0.0.1"),
        (["[]"], "10.0.0.1"), (["fe80::1%eth0"], "10.0.0.1"), (["0x7f.1"], "10.0.0.1"), (["2130706433"], "10.0.0.1"),
        (["192.0.2.7;"], "10.0.0.1"), (["\"192.0.2.7\""], "10.0.0.1"), (["192.0.2.7 203.0.113.9"], "10.0.0.1"),
        (["192.0.2.7, _hidden"], "10.0.0.1"), (["192.0.2.7, 10.0.0.5, -"], "10.0.0.1"),
    ]

    @Test(arguments: found)
    func `the client is the rightmost hop that is no trusted proxy`(forwarded: [String], expected: String) throws {
        let trusted = [try #require(AddressBlock("10.0.0.0/8"))]
        #expect(ClientAddress.find(peer: Self.peer(Self.proxy), forwardedFor: forwarded, trusted: trusted) == expected)
    }

    @Test func `a proxy on IPv6 is believed like any other`() throws {
        let trusted = [try #require(AddressBlock("2001:db8:1::/48"))]
        let proxy = PeerAddress(system_address(high: 0x2001_0DB8_0001_0000, low: 1, port: 1, is_ipv4: 0))
        let stranger = PeerAddress(system_address(high: 0x2001_0DB8_0002_0000, low: 1, port: 1, is_ipv4: 0))
        let hops = ["203.0.113.9, 2001:db8:7::7, 2001:db8:1::5"]
        #expect(ClientAddress.find(peer: proxy, forwardedFor: hops, trusted: trusted) == "2001:db8:7::7")
        #expect(ClientAddress.find(peer: stranger, forwardedFor: hops, trusted: trusted) == "2001:db8:2::1")
    }

    @Test func `who is no trusted proxy cannot speak for others`() throws {
        let trusted = [try #require(AddressBlock("10.0.0.0/8"))]
        let stranger = Self.peer(0xC000_0207)
        #expect(ClientAddress.find(peer: stranger, forwardedFor: ["1.2.3.4"], trusted: trusted) == "192.0.2.7")
        #expect(ClientAddress.find(peer: stranger, forwardedFor: ["1.2.3.4"], trusted: []) == "192.0.2.7")
    }
}

@Suite struct RequestIDsTests {
    @Test(arguments: ["a", "req_1", "2f6c-11", "~!@#$%^&*()", "550e8400-e29b-41d4-a716-446655440000"])
    func `a caller's own id is taken over`(id: String) {
        #expect(RequestIDs.accept(id) == id)
    }

    @Test(arguments: ["", " ", "a b", "a\tb", "a\nb", "a\"b", "a\\b", "é", "a\u{0}", "a\u{7F}"])
    func `an id that could not be logged safely is not`(id: String) {
        #expect(RequestIDs.accept(id) == nil && RequestIDs.accept(nil) == nil)
    }

    @Test func `an id has at most 128 bytes`() {
        #expect(RequestIDs.accept(String(repeating: "x", count: 128)) != nil)
        #expect(RequestIDs.accept(String(repeating: "x", count: 129)) == nil)
    }
}
