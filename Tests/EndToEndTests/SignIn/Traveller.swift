import FakeVendors
import Foundation
import Orchestrator
import Testing

/// A browser that goes to an identity provider and comes back, its cookies kept; or a program that does the same without.
final class Traveller {
    private let daemon: DaemonProcess
    private(set) var cookies: [String: String] = [:]

    init(_ daemon: DaemonProcess) {
        self.daemon = daemon
    }

    /// What a provider sends along with somebody who comes back.
    struct Ticket {
        /// The address that it leads to.
        var uri: String
        var query: String

        subscript(name: String) -> String? {
            URLComponents(string: "http://x/?" + query)?.queryItems?.first { $0.name == name }?.value
        }
    }

    /// A client with the cookies.
    var client: HTTPClient {
        let header = cookies.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
        return daemon.client(key: nil).with("cookie", header.isEmpty ? nil : header)
    }

    func get(_ path: String) async throws -> ClientReply { note(try await client.get(path)) }

    /// Goes to the provider, who consents or not, and comes as far as the address that it leads back to.
    func travel(_ provider: String, _ query: String = "") async throws -> Ticket {
        let departure = try await get("/v1/auth/\(provider)" + (query.isEmpty ? "" : "?" + query))
        #expect(departure.status == 302 && departure.header("cache-control") == "no-store", "\(departure.text)")
        let location = try #require(departure.header("location"))
        let provider = try #require(HTTPClient(url: location))
        let there = try await provider.get(Scene.path(of: location))
        if let form = there.json {
            return Ticket(uri: form["action"]?.string ?? "", query: form["body"]?.string ?? "")
        }
        #expect(there.status == 302, "\(location)")
        let back = try #require(there.header("location")).split(separator: "?", maxSplits: 1).map(String.init)
        return Ticket(uri: back[0], query: back[1])
    }

    /// Goes there and comes back by a redirect.
    func signIn(_ provider: String, _ query: String = "") async throws -> ClientReply {
        try await arrive(try await travel(provider, query))
    }

    /// Comes back by a redirect, or by a form.
    func arrive(_ ticket: Ticket, byForm: Bool = false) async throws -> ClientReply {
        let path = Scene.path(of: ticket.uri)
        guard byForm else { return try await get(path + "?" + ticket.query) }
        let form = client.with("content-type", "application/x-www-form-urlencoded").with(
            "origin",
            "https://appleid.test"
        )
        return note(try await form.send("POST", path, body: Array(ticket.query.utf8)))
    }

    /// Shows a ticket as a program does.
    func redeem(_ ticket: Ticket, _ provider: String, origin: String? = nil, more: JSONObject = [:]) async throws
        -> ClientReply
    {
        var body: JSONObject = [
            "code": .string(ticket["code"] ?? ""), "state": .string(ticket["state"] ?? ""),
            "redirect_uri": .string(ticket.uri),
        ]
        for (name, value) in more { body[name] = value }
        return try await client.with("origin", origin).post("/v1/auth/\(provider)/callback", .object(body))
    }

    private func note(_ reply: ClientReply) -> ClientReply {
        for header in reply.headers where header.name == "set-cookie" {
            let pair = header.value.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1).map(String.init)
            cookies[pair[0]] = pair.count == 2 ? pair[1] : nil
        }
        return reply
    }
}
