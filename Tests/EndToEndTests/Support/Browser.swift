import FakeVendors
import Foundation
import Orchestrator

/// What a browser does for a page: keeps the cookies, says where the page comes from, and sends the token back.
final class Browser {
    private let daemon: DaemonProcess
    private(set) var cookie: String?
    private(set) var csrfToken: String?

    init(_ daemon: DaemonProcess) {
        self.daemon = daemon
    }

    /// A client with the session's cookie and an own page's `Origin`; other headers are up to the test.
    var client: HTTPClient {
        daemon.client(key: nil).with("cookie", cookie).with("origin", daemon.base)
    }

    func get(_ path: String) async throws -> ClientReply { try note(try await client.get(path)) }

    func post(_ path: String, _ body: JSON = [:]) async throws -> ClientReply {
        try note(try await client.with("x-csrf-token", csrfToken).post(path, body))
    }

    func signUp(_ email: String, password: String = Browser.password) async throws -> ClientReply {
        try await post("/v1/auth/signup", ["email": .string(email), "password": .string(password)])
    }

    func signIn(_ email: String, password: String = Browser.password) async throws -> ClientReply {
        try await post("/v1/auth/login", ["email": .string(email), "password": .string(password)])
    }

    static let password = "correct horse battery staple"

    private func note(_ reply: ClientReply) throws -> ClientReply {
        if let header = reply.header("set-cookie") {
            let pair = String(header.prefix { $0 != ";" })
            cookie = pair.hasSuffix("=") ? nil : pair
        }
        if let token = reply.json?["csrf_token"]?.string { csrfToken = token }
        return reply
    }
}
