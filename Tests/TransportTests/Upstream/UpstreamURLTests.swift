import Testing

@testable import Transport

@Suite struct UpstreamURLTests {
    static let origins: [(String, Origin)] = [
        ("https://api.example.com/v1", Origin(isSecure: true, host: "api.example.com", port: 443)),
        ("HTTP://Api.Example.COM", Origin(isSecure: false, host: "api.example.com", port: 80)),
        ("http://example.com.:8080?x=a@b", Origin(isSecure: false, host: "example.com", port: 8080)),
        ("http://example.com#@evil", Origin(isSecure: false, host: "example.com", port: 80)),
        ("http://127.0.0.1:1/", Origin(isSecure: false, host: "127.0.0.1", port: 1)),
        ("http://[::1]:65535/", Origin(isSecure: false, host: "[::1]", port: 65535)),
        ("https://[2606:4700::ABCD]", Origin(isSecure: true, host: "[2606:4700::abcd]", port: 443)),
        ("https://a_b-c.d/ä", Origin(isSecure: true, host: "a_b-c.d", port: 443)),
    ]

    @Test(arguments: origins)
    func `an address has one origin`(text: String, expected: Origin) throws {
        #expect(try UpstreamURL(text).origin == expected)
    }

    @Test(arguments: [
        "", "example.com", "//example.com/", "ftp://example.com/", "file:///etc/passwd", "https:/example.com",
        "http://",
        "http:///x", "http://user@example.com/", "http://user:pass@example.com/", "http://example.com@evil/",
        "http://a b/", "http://a/\r\nHost: b", "http://a\\b/", "http://a/\u{0}", "http://ä.example/", "http://%31.com/",
        "http://.example.com/", "http://a..b/", "http://example.com..", "http://example.com:0/",
        "http://example.com:65536/",
        "http://example.com:/", "http://example.com:8x/", "http://example.com:99999999999999999999/", "http://[::1/",
        "http://[127.0.0.1]/", "http://[fe80::1%25eth0]/", "http://[]/", "http://]/", "http://::1/",
        "http://2130706433/", "http://0x7f.1/", "http://0x7f000001/", "http://127.1/", "http://0177.0.0.1/",
        "http://127.0.0.1./", "http://1.2.3.4.5/", "http://256.0.0.1/", "http://0/", "http://example.0x1/",
        "http://a.1/",
    ])
    func `an address that may be read in two ways is refused`(text: String) {
        #expect(throws: UpstreamURL.Refusal.self) { try UpstreamURL(text) }
    }

    @Test func `a host that is an address has a class`() throws {
        #expect(try UpstreamURL("http://127.0.0.1/").address == .loopback)
        #expect(try UpstreamURL("http://[::ffff:10.0.0.1]/").address == .privateUse)
        #expect(try UpstreamURL("http://localhost/").address == nil)
    }

    @Test func `a refusal repeats nothing of the address`() throws {
        let refusal = #expect(throws: UpstreamURL.Refusal.self) { try UpstreamURL("http://user:hunter2@example.com/") }
        #expect(refusal?.message.contains("hunter2") == false)
    }
}
