import FakeVendors
import Foundation
import Orchestrator
import Testing

/// localstripe 1.15 from PyPI, a stand-in for Stripe that somebody else wrote: what we read and send is held against their reading
/// of Stripe's documents.
///
/// It has payment intents, charges, refunds, and events that it signs. It has no Checkout and no disputes, announces no refunds,
/// knows no `reason` of a refund and no `created` of a list, and does a repeated call twice whatever its key: those are held
/// against `FakeStripe` alone.
final class LocalStripe: Sendable {
    private static let program = """
        import logging, socket, sys
        from aiohttp import web
        from localstripe.resources import store
        from localstripe.server import app
        logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
        # It would keep everything in one file for all who run it.
        store.dump_to_disk = lambda: None
        place = socket.socket()
        place.bind(("127.0.0.1", 0))
        print("port", place.getsockname()[1], "ready", flush=True)
        web.run_app(app, sock=place, print=None)
        """

    private let process: BackgroundProgram
    let client: HTTPClient

    /// `key` is any secret key.
    init(key: String) async throws {
        process = try BackgroundProgram(
            ["\(try await Shell.python())/python", "-c", Self.program],
            environment: ["PATH": "/usr/bin:/bin"]
        )
        let printed = await process.untilOutput(contains: "ready")
        let port = try #require(
            printed.firstMatch(of: /port (\d+) ready/).flatMap { UInt16($0.output.1) },
            "\(printed)"
        )
        client = HTTPClient(port: port, key: key)
    }

    func post(_ path: String, _ fields: KeyValuePairs<String, String>) async throws -> JSON {
        let body = PercentEncoding.form(fields.map { (name: $0.key, value: $0.value) })
        let reply = try await client.with("content-type", "application/x-www-form-urlencoded")
            .send("POST", path, body: Array(body.utf8))
        try #require(reply.status == 200, "\(path): \(reply.text)")
        return reply.json ?? .null
    }

    /// Sends its events to a daemon, signed with a secret.
    func announce(to daemon: String, secret: String) async throws {
        _ = try await post("/_config/webhooks/ours", ["url": daemon + "/v1/webhooks/stripe", "secret": secret])
    }

    /// Somebody pays so many cents by card; the payment intent's id.
    func pay(_ cents: Int) async throws -> String {
        let card = try await post(
            "/v1/payment_methods",
            [
                "type": "card", "card[number]": "4242424242424242", "card[exp_month]": "12", "card[exp_year]": "2030",
                "card[cvc]": "123",
            ]
        )
        let intent = try await post(
            "/v1/payment_intents",
            [
                "amount": "\(cents)", "currency": "usd", "payment_method": card["id"]?.string ?? "", "confirm": "true",
            ]
        )
        #expect(intent["status"] == "succeeded")
        return try #require(intent["id"]?.string)
    }

    /// Suspends until it has said so of an event that it sent.
    func untilLogged(_ text: String) async { await process.untilOutput(contains: text) }

    func stop() { process.signal(SIGKILL) }
}
