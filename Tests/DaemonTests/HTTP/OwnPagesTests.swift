import Orchestrator
import Testing
import Transport

@testable import Daemon

@Suite struct OwnPagesTests {
    private func refusal(
        _ method: HTTPMethod,
        _ headers: [(String, String)],
        at url: String = "http://127.0.0.1:8080"
    ) -> Int? {
        do throws(APIError) {
            try OwnPages(publicURL: url).check(
                method,
                HTTPHeaders([("Host", "127.0.0.1:8080")] + headers),
                csrfToken: "token"
            )
            return nil
        } catch {
            return error.status
        }
    }

    private static let json = ("Content-Type", "application/json")
    private static let own = ("Origin", "http://127.0.0.1:8080")

    static let accepted: [(HTTPMethod, [(String, String)])] = [
        (.post, [own, json]), (.post, [own]), (.post, [own, ("Content-Type", "text/plain")]), (.post, [json]),
        (.post, [("Content-Type", "Application/JSON; charset=utf-8")]), (.delete, []), (.put, [json]),
        (.post, [("X-CSRF-Token", "token")]), (.post, [own, ("X-CSRF-Token", "token")]),
        (.post, [("Sec-Fetch-Site", "same-origin")]), (.post, [own, ("Sec-Fetch-Site", "same-origin")]),
        (.get, [("Origin", "https://evil.test")]), (.head, [("Sec-Fetch-Site", "cross-site")]),
    ]

    @Test(arguments: accepted.indices)
    func `a request of an own page, or of no page, passes`(row: Int) {
        #expect(refusal(Self.accepted[row].0, Self.accepted[row].1) == nil)
    }

    static let foreign = [
        "https://evil.test", "null", "", "http://127.0.0.1:8080.evil.test", "http://evil.test:8080", "http://127.0.0.1",
        "http://127.0.0.1:8081", "https://127.0.0.1:8080", "http://evil.test@127.0.0.1:8080", "file://",
    ]

    @Test(arguments: foreign)
    func `an origin that is another, or none, is refused, whatever else comes along`(origin: String) {
        for method in [HTTPMethod.post, .put, .patch, .delete] {
            #expect(refusal(method, [("Origin", origin), Self.json, ("X-CSRF-Token", "token")]) == 403)
        }
        #expect(refusal(.post, [Self.own, ("Origin", origin), Self.json]) == 403)
        #expect(refusal(.post, [("Origin", origin), ("Referer", "http://127.0.0.1:8080/"), Self.json]) == 403)
    }

    static let refused: [[(String, String)]] = [
        [], [("Content-Type", "text/plain")], [("Content-Type", "application/x-www-form-urlencoded")],
        [("Content-Type", "multipart/form-data; boundary=x")], [own, json, ("X-CSRF-Token", "other")],
        [own, json, ("X-CSRF-Token", "")], [json, ("Sec-Fetch-Site", "cross-site")],
        [json, ("Sec-Fetch-Site", "same-site")], [("Referer", "http://127.0.0.1:8080/")],
    ]

    @Test(arguments: refused.indices)
    func `what a form elsewhere could send is refused`(row: Int) {
        #expect(refusal(.post, Self.refused[row]) == 403)
    }

    @Test func `behind a proxy the public address counts, and its scheme`() {
        let url = "https://images.example.test"
        #expect(refusal(.post, [("Origin", url)], at: url) == nil)
        #expect(refusal(.post, [("Origin", "https://IMAGES.example.test:443")], at: url) == nil)
        for origin in ["http://images.example.test", "https://evil.test", "http://127.0.0.1:8080"] {
            #expect(refusal(.post, [("Origin", origin)], at: url) == 403)
        }
        #expect(OwnPages(publicURL: url).isSecure && !OwnPages(publicURL: "http://a").isSecure)
    }
}

@Suite struct SessionCookieTests {
    static let cookies: [([String], String?)] = [
        (["orchestrator_session=abc"], "abc"), (["a=b; orchestrator_session=abc; c=d"], "abc"),
        (["a=b", "orchestrator_session=abc"], "abc"), (["a=b;orchestrator_session=abc"], "abc"),
        (["orchestrator_session="], ""), (["xorchestrator_session=abc"], nil), (["orchestrator_session"], nil),
        (["orchestrator_sessions=abc"], nil), ([], nil),
    ]

    @Test(arguments: cookies)
    func `the token is the value of the cookie of that name`(headers: [String], token: String?) {
        #expect(SessionCookie.token(in: HTTPHeaders(headers.map { ("Cookie", $0) })) == token)
    }

    @Test func `a token is long, random, and of a form of its own`() {
        let token = SessionCookie.makeToken()
        #expect(SessionCookie.isWellFormed(token) && token != SessionCookie.makeToken() && token.utf8.count == 64)
        for other in ["", "x", String(token.dropLast()), token + "0", token.uppercased(), "g" + token.dropFirst()] {
            #expect(!SessionCookie.isWellFormed(other) || other == token, "\(other)")
        }
    }

    @Test func `the cookie is for HTTP alone, for this site, and under https for https`() {
        let plain = SessionCookie.header("t", isSecure: false).value
        #expect(plain == "orchestrator_session=t; Path=/; HttpOnly; SameSite=Lax; Max-Age=2592000")
        #expect(SessionCookie.header("t", isSecure: true).value.contains("; Secure"))
        #expect(SessionCookie.removal(isSecure: false).value.hasSuffix("; Max-Age=0"))
    }
}
