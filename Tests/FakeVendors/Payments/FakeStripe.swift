import Foundation
package import Orchestrator

/// A stand-in for Stripe's Checkout behind its own port, which refuses whatever the real one refuses.
package final class FakeStripe: Sendable {
    package struct Session: Sendable {
        package var id: String
        package var purchase: String
        /// Of the payment intent, which charges show.
        package var intentPurchase: String?
        package var amount: Int
        package var expires: Int
        package var payment: String?
        package var status = "open"
    }

    package struct Refund: Sendable, Hashable {
        package var payment: String
        package var amount: Int
        var id = "re_" + uniqueHex(24)
    }

    private struct Dispute: Sendable {
        var purchase: String
        var status: String
    }

    private struct State: Sendable {
        var sessions: [Session] = []
        var refunds: [Refund] = []
        var disputes: [Dispute] = []
        /// Lists that were asked for, by path and query.
        var lists: [String] = []
        /// Answers by idempotency key, with what was asked.
        var kept: [String: (fields: [String: String], reply: FakeReply)] = [:]
        var invalid: [String] = []
        var isAway = false
    }

    package let key = "sk_test_0123456789"
    package let webhookSecret = "whsec_0123456789"
    private let state = Lock(State())
    private let server: LoopbackServer

    /// `refundDesk` is another stand-in that payments and refunds are with; without one, they are here.
    package init(refundDesk: HTTPClient? = nil) throws {
        let (state, key) = (state, key)
        server = try LoopbackServer { request, send in
            if let refundDesk, request.path == "/v1/refunds" {
                send(Self.handOn(request, to: refundDesk))
            } else {
                send(Self.reply(to: request, key: key, state))
            }
        }
    }

    /// The same call at `desk`, without the fields that it does not know.
    private static func handOn(_ request: FakeRequest, to desk: HTTPClient) -> FakeReply {
        let strange: Set<String> = ["reason", "created[gte]"]
        func form(_ fields: [String: String]) -> String {
            PercentEncoding.form(fields.filter { !strange.contains($0.key) }.map { (name: $0.key, value: $0.value) })
        }
        var client = desk
        if let proof = request.header("authorization") { client = client.with("authorization", proof) }
        let path = request.path + (request.query.isEmpty ? "" : "?" + form(request.query))
        let body = request.method == "POST" ? Array(form(FormFields.read(request.body)).utf8) : nil
        let bytes = client.with("connection", "close").with("content-type", request.header("content-type"))
            .request(request.method, path, body: body)
        guard let reply = try? desk.blockingRaw(bytes), let json = reply.json else { return FakeReply(502) }
        return .json(reply.status, json)
    }

    deinit { server.stop() }

    package func stop() { server.stop() }

    package var base: String { server.origin }
    package var sessions: [Session] { state.withLock { $0.sessions } }
    package var refunds: [Refund] { state.withLock { $0.refunds } }
    /// Why calls were refused: empty, or the daemon has a fault.
    package var invalid: [String] { state.withLock { $0.invalid } }
    package var environment: [String: String] {
        ["STRIPE_SECRET_KEY": key, "STRIPE_WEBHOOK_SECRET": webhookSecret]
    }

    /// While it is, every call is answered 503.
    package func setAway(_ isAway: Bool) { state.withLock { $0.isAway = isAway } }

    // MARK: - Buyers

    package func session(of purchase: String) -> Session? {
        state.withLock { $0.sessions.last { $0.purchase == purchase } }
    }

    /// The buyer pays; `payment` is the payment intent's id.
    package func pay(_ purchase: String, payment: String? = nil) {
        change(purchase) { session in
            session.status = "complete"
            session.payment = session.payment ?? payment ?? "pi_" + uniqueHex(24)
        }
    }

    /// Somebody gives money back in the dashboard, and no event of it arrives.
    package func refundSilently(_ purchase: String, amount: Int) {
        guard let payment = session(of: purchase)?.payment else { return }
        state.withLock { $0.refunds.append(Refund(payment: payment, amount: amount)) }
    }

    /// A bank takes the money, or gives it back again, and no event of it arrives.
    package func disputeSilently(_ purchase: String, status: String) {
        state.withLock { state in
            state.disputes.removeAll { $0.purchase == purchase }
            state.disputes.append(Dispute(purchase: purchase, status: status))
        }
    }

    /// The lists that were asked for.
    package var lists: [String] { state.withLock { $0.lists } }

    /// The half hour is over.
    package func expire(_ purchase: String) { change(purchase) { $0.status = "expired" } }

    private func change(_ purchase: String, _ body: (inout Session) -> Void) {
        state.withLock { state in
            if let index = state.sessions.lastIndex(where: { $0.purchase == purchase }) { body(&state.sessions[index]) }
        }
    }

    // MARK: - Events

    /// An event about a purchase's session, with members of the session replaced.
    package func event(_ type: String, of purchase: String, _ change: JSONObject = [:]) -> JSON {
        guard let session = session(of: purchase), var object = Self.body(session, base).object else { return .null }
        for (name, value) in change { object[name] = value }
        return Self.event(type, .object(object))
    }

    /// Money went back.
    package func refunded(_ purchase: String, amount: Int) -> JSON {
        Self.event("charge.refunded", Self.charge(session(of: purchase), refunded: amount))
    }

    private static func charge(_ session: Session?, refunded: Int) -> JSON {
        [
            "id": .string("ch_" + uniqueHex(24)), "object": "charge", "amount": .integer(session?.amount ?? 0),
            "amount_refunded": .integer(refunded), "currency": "usd", "payment_intent": .text(session?.payment),
            "metadata": ["purchase_id": .text(session?.intentPurchase)],
        ]
    }

    package func dispute(_ purchase: String, _ type: String, status: String) -> JSON {
        Self.event(type, Self.dispute(session(of: purchase), purchase, status: status))
    }

    private static func dispute(_ session: Session?, _ purchase: String, status: String) -> JSON {
        [
            "id": .string("dp_\(purchase)"), "object": "dispute", "amount": .integer(session?.amount ?? 0),
            "currency": "usd", "payment_intent": .text(session?.payment), "status": .string(status), "metadata": [:],
        ]
    }

    /// Two to a page, so that who asks has to turn pages.
    private static func list(_ request: FakeRequest, _ state: Lock<State>) throws(Fault) -> FakeReply {
        let known: Set<String> = ["limit", "starting_after", "created[gte]", "expand[]"]
        if let unknown = request.query.keys.sorted().first(where: { !known.contains($0) }) {
            throw Fault(reason: "Received unknown parameter: \(unknown)", code: "parameter_unknown")
        }
        guard request.query["created[gte]"].flatMap({ Int($0) }) != nil,
            request.query["limit"].flatMap({ Int($0) }).map({ (1...100).contains($0) }) ?? true
        else { throw Fault(reason: "Invalid integer") }
        let isExpanded = request.query["expand[]"] == "data.charge"
        let objects = state.withLock { state -> [JSON] in
            state.lists.append(request.path)
            guard request.path == "/v1/refunds" else {
                return state.disputes.reversed().map { dispute in
                    Self.dispute(
                        state.sessions.last { $0.purchase == dispute.purchase },
                        dispute.purchase,
                        status: dispute.status
                    )
                }
            }
            return state.refunds.reversed().map { refund in
                let session = state.sessions.first { $0.payment == refund.payment }
                let all = state.refunds.filter { $0.payment == refund.payment }.reduce(0) { $0 + $1.amount }
                return [
                    "id": .string(refund.id), "object": "refund", "amount": .integer(refund.amount),
                    "currency": "usd", "payment_intent": .string(refund.payment), "status": "succeeded",
                    "charge": isExpanded ? charge(session, refunded: all) : .string("ch_" + uniqueHex(24)),
                ]
            }
        }
        var rest = objects[...]
        if let last = request.query["starting_after"] {
            rest = rest.drop { $0["id"]?.string != last }.dropFirst()
        }
        return .json(
            200,
            [
                "object": "list", "url": .string(request.path), "has_more": .bool(rest.count > 2),
                "data": .array(Array(rest.prefix(2))),
            ]
        )
    }

    private static func event(_ type: String, _ object: JSON) -> JSON {
        [
            "id": .string("evt_" + uniqueHex(24)), "object": "event", "type": .string(type), "livemode": false,
            "data": ["object": object],
        ]
    }

    /// The header that proves a body, signed so many seconds from now.
    package func signature(_ body: [UInt8], secret: String? = nil, skew: Int = 0) -> String {
        let time = Int(Date().timeIntervalSince1970) + skew
        return "t=\(time),v1=" + PaymentCode.hex(Array("\(time).".utf8) + body, key: secret ?? webhookSecret)
    }

    /// Delivers an event to a daemon; its status.
    package func send(_ event: JSON, to daemon: HTTPClient, secret: String? = nil, skew: Int = 0) async throws -> Int {
        let body = event.serialized()
        return try await daemon.with("stripe-signature", signature(body, secret: secret, skew: skew))
            .with("content-type", "application/json").send("POST", "/v1/webhooks/stripe", body: body).status
    }

    // MARK: - Calls

    private struct Fault: Error {
        var status = 400
        var reason: String
        var code = "parameter_invalid"
    }

    private static func reply(to request: FakeRequest, key: String, _ state: Lock<State>) -> FakeReply {
        if state.withLock({ $0.isAway }) { return .json(503, ["error": ["message": "away", "type": "api_error"]]) }
        do throws(Fault) {
            guard request.header("authorization") == "Bearer \(key)" else {
                throw Fault(status: 401, reason: "Invalid API Key provided")
            }
            if request.method == "POST" { return try post(request, state) }
            if request.method == "GET", ["/v1/refunds", "/v1/disputes"].contains(request.path) {
                return try list(request, state)
            }
            guard request.method == "GET", let id = request.path(after: "/v1/checkout/sessions/"),
                let session = state.withLock({ $0.sessions.first { $0.id == id } })
            else { throw Fault(status: 404, reason: "No such checkout.session", code: "resource_missing") }
            return .json(200, body(session, "http://\(request.header("host") ?? "")"))
        } catch {
            let (status, reason, code) = (error.status, error.reason, error.code)
            state.withLock { $0.invalid.append("\(request.method) \(request.path): \(reason)") }
            return .json(
                status,
                ["error": ["type": "invalid_request_error", "message": .string(reason), "code": .string(code)]]
            )
        }
    }

    /// A key makes a call happen once: the same again gets the first answer, another one under it none.
    private static func post(_ request: FakeRequest, _ state: Lock<State>) throws(Fault) -> FakeReply {
        guard request.mediaType == "application/x-www-form-urlencoded" else {
            throw Fault(reason: "content type must be application/x-www-form-urlencoded")
        }
        let fields = FormFields.read(request.body)
        guard let key = request.header("idempotency-key"), (1...255).contains(key.utf8.count) else {
            throw Fault(reason: "an Idempotency-Key is missing")
        }
        if let kept = state.withLock({ $0.kept[key] }) {
            guard kept.fields == fields else {
                throw Fault(reason: "Keys for idempotent requests can only be used with the same parameters")
            }
            return kept.reply
        }
        let reply: FakeReply
        switch request.path {
        case "/v1/checkout/sessions":
            let session = try session(fields)
            state.withLock { $0.sessions.append(session) }
            reply = .json(200, body(session, "http://\(request.header("host") ?? "")"))
        case "/v1/refunds": reply = try refund(fields, state)
        default: throw Fault(status: 404, reason: "Unrecognized request URL (POST: \(request.path))")
        }
        state.withLock { $0.kept[key] = (fields, reply) }
        return reply
    }

    private static let known: Set<String> = [
        "mode", "success_url", "cancel_url", "client_reference_id", "expires_at", "metadata[purchase_id]",
        "payment_intent_data[metadata][purchase_id]", "line_items[0][quantity]", "line_items[0][price_data][currency]",
        "line_items[0][price_data][unit_amount]", "line_items[0][price_data][product_data][name]",
    ]

    private static func session(_ fields: [String: String]) throws(Fault) -> Session {
        if let unknown = fields.keys.sorted().first(where: { !known.contains($0) }) {
            throw Fault(reason: "Received unknown parameter: \(unknown)", code: "parameter_unknown")
        }
        let item = "line_items[0][price_data]"
        guard fields["mode"] == "payment", fields["line_items[0][quantity]"] == "1",
            fields["\(item)[currency]"] == "usd", !(fields["\(item)[product_data][name]"] ?? "").isEmpty,
            let amount = fields["\(item)[unit_amount]"].flatMap({ Int($0) }), amount > 0
        else { throw Fault(reason: "line_items are not complete") }
        for name in ["success_url", "cancel_url"] where !(fields[name] ?? "").hasPrefix("http") {
            throw Fault(reason: "Not a valid URL: \(name)", code: "url_invalid")
        }
        let now = Int(Date().timeIntervalSince1970)
        guard let expires = fields["expires_at"].flatMap({ Int($0) }), (now + 1795...now + 86_405).contains(expires)
        else {
            throw Fault(reason: "expires_at must be between 30 minutes and 24 hours from now")
        }
        return Session(
            id: "cs_test_" + uniqueHex(48),
            purchase: fields["metadata[purchase_id]"] ?? "",
            intentPurchase: fields["payment_intent_data[metadata][purchase_id]"],
            amount: amount,
            expires: expires - now
        )
    }

    private static func refund(_ fields: [String: String], _ state: Lock<State>) throws(Fault) -> FakeReply {
        guard let payment = fields["payment_intent"], let amount = fields["amount"].flatMap({ Int($0) }), amount > 0,
            let session = state.withLock({ $0.sessions.first { $0.payment == payment } })
        else { throw Fault(status: 404, reason: "No such payment_intent", code: "resource_missing") }
        let before = state.withLock { $0.refunds.filter { $0.payment == payment }.reduce(0) { $0 + $1.amount } }
        guard before + amount <= session.amount else {
            throw Fault(reason: "Refund amount is greater than unrefunded amount on charge")
        }
        let made = Refund(payment: payment, amount: amount)
        state.withLock { $0.refunds.append(made) }
        return .json(200, ["id": .string(made.id), "object": "refund", "status": "succeeded"])
    }

    private static func body(_ session: Session, _ base: String) -> JSON {
        [
            "id": .string(session.id), "object": "checkout.session", "amount_total": .integer(session.amount),
            "currency": "usd", "mode": "payment", "status": .string(session.status),
            "payment_status": session.status == "complete" ? "paid" : "unpaid",
            "payment_intent": .text(session.payment), "client_reference_id": .string(session.purchase),
            "metadata": ["purchase_id": .string(session.purchase)], "url": .string("\(base)/c/pay/\(session.id)"),
        ]
    }
}
