import Orchestrator
import Persistence
import Testing

@testable import Daemon

@Suite struct WebhookSignatureTests {
    private static let body = Array(#"{"id":"p1"}"#.utf8)
    private static let now = Timestamp(milliseconds: 1_800_000_000_500)
    private static let t = now.seconds
    private static let own = WebhookSecret(bytes: [UInt8](repeating: 7, count: 24))
    private static let other = WebhookSecret(bytes: [UInt8](repeating: 8, count: 24))

    private static func code(_ seconds: Int64 = t, _ secret: WebhookSecret = own, id: String = "m") -> String {
        let message = Array("\(id).\(seconds).".utf8) + body
        return Base64.text(MessageAuthentication.code(for: message.span, key: secret.bytes.span))
    }

    static let headers: [(id: String, seconds: String, codes: String, isGood: Bool)] = [
        ("m", "\(t)", "v1,\(code())", true),
        ("m", "\(t)", "v1,\(code(t, other)) v1,\(code())", true),
        ("m", "\(t)", "v1a,\(code()) v2,x v1,\(code())", true),
        ("m", "\(t - 300)", "v1,\(code(t - 300))", true), ("m", "\(t - 301)", "v1,\(code(t - 301))", false),
        ("m", "\(t + 300)", "v1,\(code(t + 300))", true), ("m", "\(t + 301)", "v1,\(code(t + 301))", false),
        ("n", "\(t)", "v1,\(code())", false), ("m", "\(t - 1)", "v1,\(code())", false),
        ("m", "\(t)", "v1,\(code(t, other))", false), ("m", "\(t)", "v2,\(code())", false),
        ("m", "\(t)", code(), false), ("m", "\(t)", "v1,", false), ("m", "\(t)", "", false),
        ("m", "\(t)", "v1,\(code().dropLast(4))", false), ("", "\(t)", "v1,\(code(id: ""))", false),
        ("m", "+\(t)", "v1,\(code())", false), ("m", "0\(t)", "v1,\(code())", false), ("m", "", "v1,\(code())", false),
        ("m", "-9223372036854775808", "v1,\(code())", false), ("m", "\(t).0", "v1,\(code())", false),
        ("m", "\(t)", String(repeating: "v1,AAAA ", count: 16) + "v1,\(code())", false),
    ]

    @Test(arguments: headers)
    func `a signature is good for its message, its secret and its time`(
        id: String,
        seconds: String,
        codes: String,
        isGood: Bool
    ) {
        let signature = WebhookSignature(id: id, timestamp: seconds, signature: codes, now: Self.now)
        #expect((signature?.isValid(of: Self.body, secret: Self.own) ?? false) == isGood)
        #expect(!(signature?.isValid(of: Array("{}".utf8), secret: Self.own) ?? false))
    }

    @Test func `the specification's own example is good`() throws {
        // github.com/standard-webhooks/standard-webhooks, the libraries' common test.
        let secret = try #require(WebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        let signature = WebhookSignature(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            timestamp: "1614265330",
            signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            now: Timestamp(milliseconds: 1_614_265_330_000)
        )
        #expect(try #require(signature).isValid(of: Array(#"{"test": 2432232314}"#.utf8), secret: secret))
    }

    static let addresses: [(publicURL: String, isPrivateAllowed: Bool, hasSecret: Bool, expected: String?)] = [
        ("https://it.test", false, true, "https://it.test/v1/webhooks/replicate"),
        ("https://it.test/base", false, true, "https://it.test/base/v1/webhooks/replicate"),
        ("http://it.test", false, true, nil), ("https://it.test", true, false, nil),
        ("http://127.0.0.1:1", true, true, "http://127.0.0.1:1/v1/webhooks/replicate"),
    ]

    @Test(arguments: addresses)
    func `news is asked for where the vendor could bring it, and prove it`(
        publicURL: String,
        isPrivateAllowed: Bool,
        hasSecret: Bool,
        expected: String?
    ) {
        var provider = Provider(id: "r", kind: "replicate", adapter: Mute())
        if hasSecret { provider.webhookSecret = Secret(Self.own.text) }
        var server = ServerSettings()
        server.allowPrivateURLs = isPrivateAllowed
        #expect(VendorNewsRoutes.address(for: provider, server, publicURL: publicURL) == expected)
    }
}

/// Serves nothing.
private struct Mute: ProviderAdapter {
    static let kind = "mute"

    init() {}
    init(_ node: ConfigNode) throws(ConfigError) {}

    func knownCapabilities(of model: String) -> ModelCapabilities? { nil }

    func encode(_ call: VendorCall) throws(ProviderFailure) -> WireRequest {
        throw ProviderFailure(.unusable, "never called")
    }

    func decode(_ reply: WireReply, to call: VendorCall) throws(ProviderFailure) -> Outcome {
        throw ProviderFailure(.unusable, "never called")
    }
}

extension Base64 {
    fileprivate static func text(_ bytes: [UInt8]) -> String {
        String(decoding: encode(bytes.span), as: UTF8.self)
    }
}
