import Orchestrator
import Testing

@Suite struct WebOriginTests {
    static let origins: [(String, String, String, Int)] = [
        ("https://api.openai.com/v1", "https", "api.openai.com", 443),
        ("http://127.0.0.1:8080", "http", "127.0.0.1", 8080),
        ("HTTPS://API.OpenAI.com", "https", "api.openai.com", 443),
        ("http://host?x=://y", "http", "host", 80),
        ("http://host#@evil", "http", "host", 80),
        ("http://host\\@evil/", "http", "host", 80),
        ("https://[2001:DB8::1]:444/a", "https", "2001:db8::1", 444),
        ("https://[::1]", "https", "::1", 443),
        ("http://host:80/", "http", "host", 80),
        ("http://host:65535", "http", "host", 65_535),
    ]

    @Test(arguments: origins)
    func `an address has the origin of its scheme, host and port`(url: String, scheme: String, host: String, port: Int)
        throws
    {
        let origin = try #require(WebOrigin(url))
        #expect((origin.scheme, origin.host, origin.port) == (scheme, host, port))
    }

    @Test(arguments: [
        "", "host", "//host", "ftp://host", "file:///etc/passwd", "data:image/png;base64,AA==", "javascript://x",
        "http://", "http:///path", "http://:80", "http://user@host", "http://user:key@host", "http://host:",
        "http://host:0",
        "http://host:65536", "http://host:8o", "http://host:-1", "http://host:+80", "http://[::1", "http://[::1]x",
        "http://[::1]:", "http://[]", "http:/host", " http://host", "http://host:80:80",
    ])
    func `whatever could be read in two ways has no origin`(url: String) {
        #expect(WebOrigin(url) == nil)
    }

    @Test func `equal origins are those that may see the same credential`() {
        #expect(WebOrigin("https://h/a") == WebOrigin("https://H:443/b?c"))
        #expect(WebOrigin("https://h") != WebOrigin("http://h"))
        #expect(WebOrigin("https://h") != WebOrigin("https://h:8443"))
        #expect(WebOrigin("https://h") != WebOrigin("https://h.evil.example"))
    }
}

@Suite struct SecretTests {
    private struct Holder {
        let name = "openai"
        let key = Secret("sk-marker")
    }

    @Test func `a secret shows itself nowhere but when revealed`() {
        let secret = Secret("sk-marker")
        var dumped = ""
        dump(Holder(), to: &dumped)
        let shown = [
            "\(secret)", String(describing: secret), String(reflecting: secret), "\(Holder())", "\([secret])",
            "\(["k": secret])", "\(Optional(secret) as Any)", dumped, String(reflecting: Holder()),
            "\(Mirror(reflecting: secret).children.map(\.value))",
        ]
        for text in shown { #expect(!text.contains("marker"), "\(text)") }
        #expect(secret.reveal() == "sk-marker")
    }
}
