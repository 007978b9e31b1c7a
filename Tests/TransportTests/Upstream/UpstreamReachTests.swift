import Orchestrator
import Testing

@testable import Transport

@Suite struct UpstreamReachTests {
    @Test(arguments: ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::1]", "169.254.169.254", "0.0.0.0"])
    func `a call that must stay public reaches nothing else`(host: String) async throws {
        let vendor = ScriptedVendor.answering { _ in reply("200 OK", "text/plain", "secret") }
        defer { vendor.stop() }
        try await withClient { client in
            // A connection that another call has opened must not be used either.
            _ = try await client.send(WireRequest(.get, "http://localhost:\(vendor.port)/"))
            let request = WireRequest(.get, "http://\(host):\(vendor.port)/")
            #expect(await client.failure(request) { $0.reach = .publicOnly } == .forbiddenAddress)
        }
        #expect(vendor.connectionCount == 1)
    }

    @Test(arguments: [
        "http://2130706433/", "http://0x7f.1/", "http://127.1/", "http://user:pass@127.0.0.1/", "file:///etc/passwd",
    ])
    func `an address that is no plain one is not used, nor followed`(url: String) async throws {
        let vendor = ScriptedVendor.answering { _ in reply("302 Found", "text/plain", "", "Location: \(url)\r\n") }
        defer { vendor.stop() }
        try await withClient { client in
            #expect(await client.failure(WireRequest(.get, url)) == .forbiddenAddress)
            #expect(await client.failure(WireRequest(.get, vendor.url())) { $0.redirects = 3 } == .forbiddenAddress)
        }
    }

    @Test func `a redirect is followed without the credential`() async throws {
        let seen = Box<[VendorRequest]>([])
        let target = ScriptedVendor.answering { request in
            seen.value += [request]
            return reply("200 OK", "image/png", "picture")
        }
        defer { target.stop() }
        let vendor = ScriptedVendor.answering { [url = target.url("/there?x=1")] request in
            seen.value += [request]
            return reply("302 Found", "text/html", "moved", "Location: \(url)\r\n")
        }
        defer { vendor.stop() }
        try await withClient { client in
            var request = WireRequest(.get, vendor.url("/here"), authentication: .header(name: "x-key", prefix: ""))
            request.headers = [("accept", "image/*")]
            let result = try await client.send(request, credential: "sk-secret") { $0.redirects = 1 }
            #expect(result.reply.status == 200 && result.blobs.count == 1)
        }
        #expect(seen.value.map { $0.header("x-key") } == ["sk-secret", nil])
        #expect(seen.value.map { $0.header("accept") } == ["image/*", "image/*"])
        #expect(seen.value.last?.head.hasPrefix("GET /there?x=1 ") == true)
    }

    @Test func `a relative redirect is resolved, and one too many is the reply`() async throws {
        let seen = Box<[String]>([])
        let vendor = ScriptedVendor.answering { request in
            seen.value += [String(request.head.prefix { $0 != "\r\n" })]
            return reply("307 Temporary Redirect", "application/json", "{}", "Location: ../b\r\n")
        }
        defer { vendor.stop() }
        try await withClient { client in
            let result = try await client.send(WireRequest(.get, vendor.url("/a/x/y"))) { $0.redirects = 1 }
            #expect(result.reply.status == 307 && result.reply.document == [:])
        }
        #expect(seen.value == ["GET /a/x/y HTTP/1.1", "GET /a/b HTTP/1.1"])
    }

    @Test func `a redirect of a request with effects is its reply`() async throws {
        let vendor = ScriptedVendor.answering { _ in
            reply("308 Permanent Redirect", "application/json", "{}", "Location: /elsewhere\r\n")
        }
        defer { vendor.stop() }
        try await withClient { client in
            let request = WireRequest(.post, vendor.url(), body: .json([:]))
            let result = try await client.send(request) { $0.redirects = 5 }
            #expect(result.reply.status == 308)
        }
    }

    @Test func `the time limit covers redirects together`() async throws {
        let vendor = ScriptedVendor.answering { _ in reply("302 Found", "text/plain", "", "Location: /again\r\n") }
        defer { vendor.stop() }
        try await withClient { client in
            let kind = await client.failure(WireRequest(.get, vendor.url()), within: .milliseconds(50)) {
                $0.redirects = .max
            }
            #expect(kind == .timeout(sent: true) || kind == .timeout(sent: false))
        }
    }
}
