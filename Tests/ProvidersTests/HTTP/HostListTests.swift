import Orchestrator
import Testing

@testable import Providers

@Suite struct HostListTests {
    private func list(_ base: String, _ names: [String]) throws -> HostList {
        HostList(try BaseURL(Sample.node(["base_url": .string(base)]), standard: ""), names)
    }

    @Test(arguments: [
        ("https://api.bfl.ai/v1/x", true), ("https://api.eu1.bfl.ai/v1/x", true), ("https://a.b.bfl.ai/", true),
        ("https://other.example:8443/", true), ("https://other.example/", false), ("http://api.eu1.bfl.ai/", false),
        ("https://bfl.ai/", false), ("https://evilbfl.ai/", false), ("https://api.eu1.bfl.ai:444/", false),
        ("https://api.bfl.ai.evil.example/", false), ("https://api.bfl.ai@evil.example/", false),
        ("https://evil.example/?api.bfl.ai", false), ("https://evil.example\\.bfl.ai/", false),
        ("https://evil.example#.bfl.ai", false), ("ftp://api.bfl.ai/", false), ("", false), ("//api.bfl.ai/x", false),
    ])
    func `the key goes to the declared hosts alone`(url: String, isAllowed: Bool) throws {
        let hosts = try list("https://api.bfl.ai", ["*.bfl.ai", "other.example:8443"])
        #expect(hosts.allows(url) == isAllowed)
    }

    @Test(arguments: [
        ("/jobs/1", "http://gpu.internal:1234/jobs/1"), ("http://gpu.internal:1234/x", "http://gpu.internal:1234/x"),
        ("//evil.example/x", nil), ("/\\evil.example", nil), ("jobs/1", nil), ("https://evil.example/x", nil),
        ("", nil),
    ])
    func `a relative address lies at the provider's own origin`(text: String, expected: String?) throws {
        let hosts = try list("http://gpu.internal:1234/api", [])
        #expect((try? hosts.address(text, of: "poll")) == expected)
    }

    @Test(arguments: [
        ("api.example.com", true), ("*.example.com", true), ("10.0.0.1:8080", true), ("*.com", false), ("*", false),
        ("https://api.example.com", false), ("api.example.com/x", false), ("API.example.com", false), ("", false),
        ("a*.example.com", false), ("u@example.com", false),
    ])
    func `a pattern is a host, a host and port, or all below a domain`(name: String, isPattern: Bool) {
        #expect(HostList.isPattern(name) == isPattern)
    }
}
