package import Orchestrator

/// A stand-in for Creem behind its own port, which refuses whatever the real one refuses.
package final class FakeCreem: Sendable {
    package struct Checkout: Sendable {
        package var id: String
        package var product: String
        package var purchase: String
        package var order: String?
    }

    private struct State: Sendable {
        /// Prices in cents.
        var products: [String: Int] = [:]
        var checkouts: [Checkout] = []
        var invalid: [String] = []
    }

    package let key = "creem_test_0123456789"
    package let webhookSecret = "whsec_creem_0123456789"
    private let state = Lock(State())
    private let server: LoopbackServer

    package init() throws {
        let (state, key) = (state, key)
        server = try LoopbackServer { $1(Self.reply(to: $0, key: key, state)) }
    }

    deinit { server.stop() }

    package func stop() { server.stop() }

    package var base: String { server.origin }
    package var checkouts: [Checkout] { state.withLock { $0.checkouts } }
    package var products: [String: Int] { state.withLock { $0.products } }
    /// Why calls were refused: empty, or the daemon has a fault.
    package var invalid: [String] { state.withLock { $0.invalid } }
    package var environment: [String: String] { ["CREEM_API_KEY": key, "CREEM_WEBHOOK_SECRET": webhookSecret] }

    /// A product that somebody made by hand.
    package func add(product: String, cents: Int) { state.withLock { $0.products[product] = cents } }
    package func forgetProducts() { state.withLock { $0.products = [:] } }

    package func pay(_ purchase: String) {
        state.withLock { state in
            guard let index = state.checkouts.lastIndex(where: { $0.purchase == purchase }) else { return }
            state.checkouts[index].order = state.checkouts[index].order ?? "ord_" + uniqueHex(22)
        }
    }

    // MARK: - Events

    /// Says that a purchase was paid, with members of the order replaced.
    package func completed(_ purchase: String, _ change: JSONObject = [:]) -> JSON {
        pay(purchase)
        guard var object = checkout(purchase)?.object, var order = object["order"]?.object else { return .null }
        for (name, value) in change { order[name] = value }
        object["order"] = .object(order)
        return ["id": .string("evt_" + uniqueHex(22)), "eventType": "checkout.completed", "object": .object(object)]
    }

    package func refunded(_ purchase: String, amount: Int, id: String) -> JSON {
        let checkout = checkout(purchase)
        let object: JSON = [
            "id": .string(id), "object": "refund", "status": "succeeded", "refund_amount": .integer(amount),
            "refund_currency": "USD", "checkout": checkout ?? .null, "order": checkout?["order"] ?? .null,
        ]
        return ["id": .string("evt_" + uniqueHex(22)), "eventType": "refund.created", "object": object]
    }

    private func checkout(_ purchase: String) -> JSON? {
        state.withLock { state in
            state.checkouts.last { $0.purchase == purchase }
                .map { Self.body($0, cents: state.products[$0.product] ?? 0, base: "") }
        }
    }

    /// Delivers an event to a daemon; its status.
    package func send(_ event: JSON, to daemon: HTTPClient, secret: String? = nil) async throws -> Int {
        let body = event.serialized()
        return try await daemon.with("creem-signature", PaymentCode.hex(body, key: secret ?? webhookSecret))
            .with("content-type", "application/json").send("POST", "/v1/webhooks/creem", body: body).status
    }

    // MARK: - Calls

    private struct Fault: Error {
        var status = 400
        var reason: String
    }

    private static func reply(to request: FakeRequest, key: String, _ state: Lock<State>) -> FakeReply {
        do throws(Fault) {
            guard request.header("x-api-key") == key else { throw Fault(status: 403, reason: "Invalid API key") }
            switch (request.method, request.path) {
            case ("POST", "/v1/products"): return try makeProduct(try object(request), state)
            case ("POST", "/v1/checkouts"): return try makeCheckout(request, try object(request), state)
            case ("GET", "/v1/checkouts"):
                let found = state.withLock { state in
                    state.checkouts.first { $0.id == request.query["checkout_id"] }
                        .map { body($0, cents: state.products[$0.product] ?? 0, base: "") }
                }
                guard let found else { throw Fault(status: 404, reason: "Checkout not found") }
                return .json(200, found)
            default: throw Fault(status: 404, reason: "Cannot \(request.method) \(request.path)")
            }
        } catch {
            let (status, reason) = (error.status, error.reason)
            if status != 404 || !reason.contains("Product") { state.withLock { $0.invalid.append(reason) } }
            return .json(status, ["status": .integer(status), "error": "Bad Request", "message": [.string(reason)]])
        }
    }

    private static func object(_ request: FakeRequest) throws(Fault) -> JSONObject {
        guard request.mediaType == "application/json", let body = try? JSON(parsing: request.body).object else {
            throw Fault(reason: "the body is no JSON object")
        }
        return body
    }

    private static func makeProduct(_ body: JSONObject, _ state: Lock<State>) throws(Fault) -> FakeReply {
        guard let price = body["price"]?.int, price >= 100, body["billing_type"]?.string == "onetime",
            body["currency"]?.string == "USD", body["name"]?.string?.isEmpty == false,
            Set(body.keys).isSubset(of: ["name", "description", "price", "currency", "billing_type"])
        else { throw Fault(reason: "name, price of 100 cents or more, currency and billing_type are required") }
        let id = "prod_" + uniqueHex(20)
        state.withLock { $0.products[id] = price }
        return .json(200, ["id": .string(id), "object": "product", "price": .integer(price), "currency": "USD"])
    }

    private static func makeCheckout(
        _ request: FakeRequest,
        _ body: JSONObject,
        _ state: Lock<State>
    ) throws(Fault) -> FakeReply {
        let known: Set<String> = ["product_id", "request_id", "units", "success_url", "metadata"]
        if let extra = body.keys.first(where: { !known.contains($0) }) {
            throw Fault(reason: "property \(extra) should not exist")
        }
        guard let product = body["product_id"]?.string, let cents = state.withLock({ $0.products[product] }) else {
            throw Fault(status: 404, reason: "Product not found")
        }
        let checkout = Checkout(
            id: "ch_" + uniqueHex(22),
            product: product,
            purchase: body["request_id"]?.string ?? ""
        )
        state.withLock { $0.checkouts.append(checkout) }
        return .json(200, self.body(checkout, cents: cents, base: "http://\(request.header("host") ?? "")"))
    }

    private static func body(_ checkout: Checkout, cents: Int, base: String) -> JSON {
        var body: JSONObject = [
            "id": .string(checkout.id), "object": "checkout", "request_id": .string(checkout.purchase),
            "product": .string(checkout.product), "units": 1, "metadata": ["purchase_id": .string(checkout.purchase)],
            "status": checkout.order == nil ? "pending" : "completed",
            "checkout_url": .string("\(base)/checkout/\(checkout.id)"),
        ]
        if let order = checkout.order {
            body["order"] = [
                "id": .string(order), "object": "order", "amount": .integer(cents), "currency": "USD", "status": "paid",
            ]
        }
        return .object(body)
    }
}
