import Orchestrator
import Testing

@testable import Providers

@Suite struct OriginTests {
    static let addresses: [(String, Bool)] = [
        ("https://api.example.com/v1/x", true), ("https://API.example.com:443/y?z", true),
        ("HTTPS://api.example.com", true), ("http://api.example.com/v1", false),
        ("https://api.example.com:444/", false),
        ("https://api.example.com.evil.example/", false), ("https://api.example.com@evil.example/", false),
        ("https://user:key@api.example.com/", false), ("https://evil.example/https://api.example.com", false),
        ("https://evil.example\\@api.example.com/", false), ("https://api.example.com\\.evil.example", false),
        ("https://api.example.com%2eevil.example/", false), (" https://api.example.com/", false),
        ("https://api.example.com\t/", false), ("//api.example.com/", false), ("https:/api.example.com/", false),
        ("https://", false), ("ftp://api.example.com/", false), ("", false), ("https://xn--e1.example/", false),
        ("https://аpi.example.com/", false), ("https://api.example.com?x=@evil", true),
    ]

    @Test(arguments: addresses)
    func `only the configured scheme, host and port are the provider's own`(url: String, isOwn: Bool) throws {
        let base = try BaseURL(Sample.node(["base_url": "https://api.example.com/v1/"]), standard: "https://x.example")
        #expect(base.isOrigin(of: url) == isOwn)
        #expect(base.text == "https://api.example.com/v1")
    }

    @Test(arguments: [
        "api.example.com", "ftp://x.example", "https://", "https://a:b@x.example", "https://x.example/?a=b",
    ])
    func `an address that is none is a mistake in the file`(url: String) {
        let error = #expect(throws: ConfigError.self) {
            try OpenAIAdapter(Sample.node(["base_url": .string(url)]))
        }
        #expect(error?.key == "providers.it.base_url")
    }
}
