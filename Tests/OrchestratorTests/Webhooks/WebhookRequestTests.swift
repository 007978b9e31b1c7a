import Testing

@testable import Orchestrator

@Suite struct WebhookRequestTests {
    private static func secret(_ count: Int) -> String {
        "whsec_" + String(decoding: Base64.encode([UInt8](repeating: 7, count: count).span), as: UTF8.self)
    }

    @Test func `address and secret are read from JSON and from a form alike`() throws {
        let value: JSON = ["url": "https://h.example/x", "secret": .string(Self.secret(32))]
        let expected = try #require(try WebhookRequest(["webhook": value]))
        #expect(expected.url == "https://h.example/x" && expected.secret == Self.secret(32))
        #expect(try WebhookRequest(["webhook": .string(value.text)], isForm: true) == expected)
        #expect(try WebhookRequest(["webhook": ["url": "https://h.example/x"]])?.secret == nil)
    }

    @Test(arguments: [[:], ["webhook": nil]] as [JSONObject])
    func `a request may name none`(fields: JSONObject) throws {
        #expect(try WebhookRequest(fields) == nil)
    }

    static let wrong: [(JSON, String)] = [
        ("https://h.example", "webhook"), (7, "webhook"), (["https://h.example"], "webhook"), ([:], "webhook.url"),
        (["url": ""], "webhook.url"), (["url": 7], "webhook.url"), (["url": nil], "webhook.url"),
        (["url": .string("https://h.example/" + String(repeating: "x", count: 2048))], "webhook.url"),
        (["url": "https://h", "secret": 7], "webhook.secret"), (["url": "https://h", "secret": ""], "webhook.secret"),
        (["url": "https://h", "secret": "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], "webhook.secret"),
        (["url": "https://h", "secret": "whsec_!!!"], "webhook.secret"),
        (["url": "https://h", "secret": .string(secret(23))], "webhook.secret"),
        (["url": "https://h", "secret": .string(secret(65))], "webhook.secret"),
    ]

    @Test(arguments: wrong)
    func `what is no webhook is refused by its name`(value: JSON, field: String) {
        let error = apiError { try WebhookRequest(["webhook": value]) }
        #expect(error?.status == 400 && error?.param == field)
    }

    @Test(arguments: [24, 32, 64])
    func `a secret's text leads back to its bytes`(count: Int) {
        let bytes = (0..<count).map { UInt8($0) }
        #expect(WebhookSecret(WebhookSecret(bytes: bytes).text)?.bytes == bytes)
    }
}
