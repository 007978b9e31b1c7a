import Orchestrator
import Testing

@testable import Daemon

@Suite struct WebhookTargetTests {
    private func target(_ fields: JSONObject, allowsPrivate: Bool = false) -> Result<WebhookTarget?, APIError> {
        var settings = ServerSettings()
        settings.allowPrivateURLs = allowsPrivate
        do throws(APIError) {
            return .success(try WebhookRequest.target(fields, settings, SystemTime()))
        } catch {
            return .failure(error)
        }
    }

    private func target(_ url: String, allowsPrivate: Bool = false) -> Result<WebhookTarget?, APIError> {
        target(["webhook": ["url": .string(url)]], allowsPrivate: allowsPrivate)
    }

    @Test(arguments: [
        "https://hooks.example/x?y=1", "http://hooks.example:8080/", "https://93.184.216.34/", "HTTPS://H.example",
        "https://[2606:2800:220:1::1]/",
    ])
    func `an address of the Internet is taken as it was sent`(url: String) throws {
        #expect(try target(url).get()?.url == url)
    }

    static let inner = [
        "http://127.0.0.1:9/x", "http://[::1]:9/", "http://169.254.169.254/latest", "http://10.0.0.1/",
        "http://192.168.1.1/", "http://172.16.0.1/", "http://100.64.0.1/", "http://0.0.0.0/", "http://[::]/",
        "http://[::ffff:127.0.0.1]/", "http://[fe80::1]/", "http://[fd00::1]/", "http://168.63.129.16/",
        "http://224.0.0.1/", "http://localhost/", "http://LOCALHOST:80/", "http://x.localhost/", "http://localhost./",
    ]

    @Test(arguments: inner)
    func `inner addresses are refused unless the operator allows them`(url: String) throws {
        #expect(throws: APIError.self) { try target(url).get() }
        #expect(try target(url, allowsPrivate: true).get()?.url == url)
    }

    @Test(arguments: [
        "file:///etc/passwd", "ftp://example.com/", "nonsense", "", "//h.example", "http://", "https://",
        "http://u:p@10.0.0.1/", "https://u@h.example/", "http://2130706433/", "http://0x7f.1/", "http://127.1/",
        "https://h.example:0/", "https://h.example:99999/", "https://h exam.ple/", "https://h.example\\@evil/",
        "javascript:alert(1)", "https://h.example/\n",
    ])
    func `what is no address that can be read in one way is refused in any case`(url: String) {
        for allowed in [false, true] {
            guard case .failure(let error) = target(url, allowsPrivate: allowed) else {
                Issue.record("'\(url)' is taken")
                continue
            }
            #expect(error.status == 400 && error.param == "webhook.url")
        }
    }

    @Test func `a secret is made where none is sent, another each time`() throws {
        let made = try (0..<2).map { _ in try #require(try target("https://h.example/").get()) }
        #expect(made.allSatisfy { WebhookSecret($0.secret)?.bytes.count == 32 })
        #expect(Set(made.map(\.secret)).count == 2 && Set(made.map(\.id)).count == 2)
        let secret = WebhookSecret(bytes: [UInt8](repeating: 1, count: 24)).text
        let given: JSON = ["url": "https://h.example/", "secret": .string(secret)]
        #expect(try target(["webhook": given]).get()?.secret == secret)
        #expect(try target(["webhook": .string(given.text)]).get()?.secret == secret)
        #expect(try target(["prompt": "a fox"]).get() == nil)
    }
}
