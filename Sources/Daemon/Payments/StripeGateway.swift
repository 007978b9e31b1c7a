import Orchestrator

/// Payment by Stripe Checkout (docs.stripe.com/api/checkout/sessions): a hosted page for each purchase.
struct StripeGateway: PaymentGateway {
    let settings: StripeSettings
    let client: PaymentClient
    /// Where buyers come back to, without a slash at its end.
    let publicURL: String

    /// From its making; Stripe allows no less.
    private static let lifetime = Duration.seconds(30 * 60)

    func open(_ purchase: Purchase) async throws(PaymentError) -> Checkout {
        let item = "line_items[0]"
        let fields: [(name: String, value: String)] = [
            ("mode", "payment"),
            ("\(item)[quantity]", "1"),
            ("\(item)[price_data][currency]", "usd"),
            ("\(item)[price_data][unit_amount]", "\(purchase.cents)"),
            ("\(item)[price_data][product_data][name]", purchase.title),
            ("success_url", CheckoutPage.success(of: purchase, at: publicURL)),
            ("cancel_url", CheckoutPage.cancelled(at: publicURL)),
            ("client_reference_id", purchase.id.text),
            ("metadata[purchase_id]", purchase.id.text),
            ("payment_intent_data[metadata][purchase_id]", purchase.id.text),
            ("expires_at", "\((purchase.created + Self.lifetime).seconds + 1)"),
        ]
        // The purchase's own id makes a repeat find the first session.
        let session = try await client.send(
            post("/v1/checkout/sessions", fields, key: purchase.id.text),
            isRepeatable: true
        )
        guard let id = session["id"]?.string, let url = session["url"]?.string else {
            throw PaymentError(.unreachable, "a checkout session without id or url")
        }
        return Checkout(session: id, url: url)
    }

    func state(of purchase: Purchase) async throws(PaymentError) -> CheckoutState {
        let path = "/v1/checkout/sessions/" + FormURLEncoding.escaped(purchase.session ?? "")
        let request = WireRequest(.get, settings.baseURL + path, authentication: .bearer)
        let session = try await client.send(request, isRepeatable: true)
        if session["payment_status"]?.string == "paid", let proof = StripeNotice.proof(session) { return .paid(proof) }
        return session["status"]?.string == "expired" ? .lapsed : .open
    }

    func refund(_ amount: MicroUSD, of purchase: Purchase, key: String) async throws(PaymentError) -> Bool {
        let fields: [(name: String, value: String)] = [
            ("payment_intent", purchase.payment ?? ""),
            ("amount", "\(amount.micros / 10_000)"),
            ("reason", "requested_by_customer"),
            ("metadata[purchase_id]", purchase.id.text),
        ]
        _ = try await client.send(post("/v1/refunds", fields, key: key), isRepeatable: true)
        return true
    }

    /// Disputes are decided months after they were begun (docs.stripe.com/disputes/responding).
    private static let longestDispute = Duration.seconds(120 * 86_400)
    private static let pageSize = 100
    private static let mostPages = 50

    /// A refund shows its charge, which says all that went back of it, as the event would.
    func returns(since: Timestamp) async throws(PaymentError) -> [PaymentNotice] {
        let refunds = try await list("refunds", since: since, "&expand%5B%5D=data.charge")
        let disputes = try await list("disputes", since: since + (.zero - Self.longestDispute))
        return refunds.compactMap { $0["charge"].map(StripeNotice.refund) } + disputes.map(StripeNotice.dispute)
    }

    /// Every object of a list (docs.stripe.com/api/pagination), newest first.
    private func list(
        _ name: String,
        since: Timestamp,
        _ more: String = ""
    ) async throws(PaymentError) -> [JSON] {
        let query = "?limit=\(Self.pageSize)&created%5Bgte%5D=\(since.seconds)" + more
        var (all, last): ([JSON], String?) = ([], nil)
        for _ in 0..<Self.mostPages {
            let place = last.map { "&starting_after=" + FormURLEncoding.escaped($0) } ?? ""
            let request = WireRequest(
                .get,
                "\(settings.baseURL)/v1/\(name)\(query)\(place)",
                authentication: .bearer
            )
            let page = try await client.send(request, isRepeatable: true)
            guard let objects = page["data"]?.array else { throw PaymentError(.unreachable, "no list of \(name)") }
            all += objects
            last = objects.last?["id"]?.string
            guard page["has_more"]?.bool == true, last != nil else { break }
        }
        return all
    }

    private func post(_ path: String, _ fields: [(name: String, value: String)], key: String) -> WireRequest {
        var request = WireRequest(
            .post,
            settings.baseURL + path,
            body: .bytes(.bytes(FormURLEncoding.bytes(fields))),
            authentication: .bearer
        )
        request.headers = [
            (name: "content-type", value: "application/x-www-form-urlencoded"), (name: "idempotency-key", value: key),
        ]
        return request
    }
}

/// Our pages that buyers come back to.
enum CheckoutPage {
    static func success(of purchase: Purchase, at publicURL: String) -> String {
        "\(publicURL)/credits?purchase_id=\(purchase.id.text)"
    }

    static func cancelled(at publicURL: String) -> String { "\(publicURL)/credits?canceled=1" }
}
