import Orchestrator

/// Payment by Creem (docs.creem.io): a product for each pack, a checkout for each purchase.
struct CreemGateway: PaymentGateway {
    let settings: CreemSettings
    let client: PaymentClient
    let store: any PurchaseStore & Sendable
    let publicURL: String

    func open(_ purchase: Purchase) async throws(PaymentError) -> Checkout {
        if let product = purchase.product { return try await open(purchase, product) }
        let name = productName(purchase)
        if let product = try await asking({ store throws(StoreError) in try await store.paymentProduct(name) }) {
            do throws(PaymentError) {
                return try await open(purchase, product)
            } catch {
                // It may have been removed at Creem.
                guard error.kind == .refused else { throw error }
            }
        }
        let product = try await makeProduct(purchase)
        try await asking { store throws(StoreError) in try await store.setPaymentProduct(product, for: name) }
        return try await open(purchase, product)
    }

    /// What a product is kept under: a new price, or another account, is another product.
    private func productName(_ purchase: Purchase) -> String {
        "creem \(settings.baseURL) \(purchase.pack) \(purchase.cents) \(purchase.title)"
    }

    private func makeProduct(_ purchase: Purchase) async throws(PaymentError) -> String {
        let body: JSON = [
            "name": .string(purchase.title), "description": .string("\(purchase.allCredits) credits for pictures"),
            "price": .integer(purchase.cents), "currency": "USD", "billing_type": "onetime",
        ]
        let product = try await client.send(post("/v1/products", body), isRepeatable: false)
        guard let id = product["id"]?.string else { throw PaymentError(.unreachable, "a product without id") }
        return id
    }

    private func open(_ purchase: Purchase, _ product: String) async throws(PaymentError) -> Checkout {
        let body: JSON = [
            "product_id": .string(product), "request_id": .string(purchase.id.text), "units": 1,
            "success_url": .string(CheckoutPage.success(of: purchase, at: publicURL)),
            "metadata": ["purchase_id": .string(purchase.id.text)],
        ]
        let checkout = try await client.send(post("/v1/checkouts", body), isRepeatable: false)
        guard let id = checkout["id"]?.string, let url = checkout["checkout_url"]?.string else {
            throw PaymentError(.unreachable, "a checkout without id or checkout_url")
        }
        return Checkout(session: id, url: url, product: product)
    }

    func state(of purchase: Purchase) async throws(PaymentError) -> CheckoutState {
        let path = "/v1/checkouts?checkout_id=" + FormURLEncoding.escaped(purchase.session ?? "")
        let request = WireRequest(.get, settings.baseURL + path, authentication: Self.authentication)
        let checkout = try await client.send(request, isRepeatable: true)
        guard checkout["id"]?.string == purchase.session else {
            throw PaymentError(.unreachable, "the checkout of another")
        }
        switch checkout["status"]?.string {
        case "completed":
            guard let proof = CreemNotice.proof(checkout) else { return .open }
            return .paid(proof)
        case "expired": return .lapsed
        default: return .open
        }
    }

    /// Creem gives money back from its dashboard.
    func refund(_ amount: MicroUSD, of purchase: Purchase, key: String) async throws(PaymentError) -> Bool { false }

    /// Creem's API lists payments, and says nothing of what became of them.
    func returns(since: Timestamp) async throws(PaymentError) -> [PaymentNotice] { [] }

    private static let authentication = Authentication.header(name: "x-api-key", prefix: "")

    private func post(_ path: String, _ body: JSON) -> WireRequest {
        WireRequest(.post, settings.baseURL + path, body: .json(body), authentication: Self.authentication)
    }

    private func asking<T>(
        _ body: (any PurchaseStore & Sendable) async throws(StoreError) -> T
    ) async throws(PaymentError) -> T {
        do throws(StoreError) {
            return try await body(store)
        } catch {
            throw PaymentError(.unreachable, "the record: \(error)")
        }
    }
}
