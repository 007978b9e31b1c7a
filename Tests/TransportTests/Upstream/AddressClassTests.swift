import Testing

@testable import Transport

@Suite struct AddressClassTests {
    static let addresses: [(String, AddressClass)] = [
        ("8.8.8.8", .global), ("1.0.0.0", .global), ("223.255.255.255", .global), ("100.63.255.255", .global),
        ("100.128.0.0", .global), ("172.15.255.255", .global), ("172.32.0.0", .global), ("192.167.255.255", .global),
        ("0.0.0.0", .unspecified), ("0.1.2.3", .unspecified),
        ("127.0.0.1", .loopback), ("127.255.255.255", .loopback),
        ("10.0.0.1", .privateUse), ("172.16.0.1", .privateUse), ("172.31.255.255", .privateUse),
        ("192.168.0.1", .privateUse),
        ("169.254.169.254", .linkLocal), ("169.254.0.1", .linkLocal),
        ("100.64.0.1", .carrierGrade), ("100.100.100.200", .carrierGrade), ("100.127.255.255", .carrierGrade),
        ("168.63.129.16", .metadata), ("168.63.129.17", .global),
        ("192.0.0.192", .reserved), ("192.88.99.1", .reserved), ("240.0.0.1", .reserved),
        ("255.255.255.255", .reserved),
        ("192.0.2.1", .documentation), ("198.51.100.1", .documentation), ("203.0.113.255", .documentation),
        ("198.18.0.1", .benchmarking), ("198.19.255.255", .benchmarking), ("198.20.0.0", .global),
        ("224.0.0.1", .multicast), ("239.255.255.255", .multicast),
        ("2606:4700::1111", .global), ("2001:4860:4860::8888", .global), ("2a00::1", .global),
        ("::", .unspecified), ("::1", .loopback),
        ("::ffff:127.0.0.1", .loopback), ("::ffff:10.0.0.1", .privateUse), ("::ffff:8.8.8.8", .global),
        ("::ffff:0:127.0.0.1", .loopback), ("::127.0.0.1", .loopback), ("::10.0.0.1", .privateUse),
        ("64:ff9b::7f00:1", .loopback), ("64:ff9b::a9fe:a9fe", .linkLocal), ("64:ff9b::808:808", .global),
        ("64:ff9b:1::808:808", .reserved),
        ("2002:7f00:1::", .loopback), ("2002:c0a8:1::1", .privateUse), ("2002:808:808::1", .global),
        ("2606:4700::5efe:10.0.0.1", .privateUse), ("2606:4700::200:5efe:7f00:1", .loopback),
        ("2606:4700::5efe:8.8.8.8", .global), ("fe80::5efe:8.8.8.8", .linkLocal),
        ("2001::1", .reserved), ("2001:10::1", .reserved), ("2001:1ff:ffff::", .reserved), ("2001:200::", .global),
        ("2001:2::1", .benchmarking), ("2001:db8::1", .documentation), ("3fff::1", .documentation),
        ("3fff:1000::1", .global), ("100::1", .reserved), ("5f00::1", .reserved), ("4000::1", .reserved),
        ("fc00::1", .privateUse), ("fd00:ec2::254", .privateUse), ("fe80::1", .linkLocal), ("febf::1", .linkLocal),
        ("fec0::1", .privateUse), ("ff02::1", .multicast), ("ff0e::1", .multicast),
    ]

    @Test(arguments: addresses)
    func `each address has the meaning of its block`(text: String, expected: AddressClass) {
        #expect(AddressClass(text: text) == expected)
    }

    @Test(arguments: [
        "", "1.2.3", "1.2.3.4.5", "256.1.1.1", "0x7f.0.0.1", "127.1", "::g", "1:2", "fe80::1%eth0", " 1.2.3.4",
    ])
    func `what is no address has no class`(text: String) {
        #expect(AddressClass(text: text) == nil)
    }

    @Test func `only ordinary addresses are public`() {
        #expect(AddressClass.allCases.filter(\.isPublic) == [.global])
    }

    @Test func `octets of another count are no address`() {
        #expect(AddressClass(octets: [UInt8](repeating: 1, count: 5).span) == nil)
        #expect(AddressClass(octets: [UInt8]().span) == nil)
        #expect(AddressClass(octets: ([127, 0, 0, 1] as [UInt8]).span) == .loopback)
    }
}
