internal import Orchestrator

extension Purchase {
    /// Its columns.
    var row: JSONObject {
        [
            "id": .string(id.text), "user_id": .string(user.text), "method": .string(method.rawValue),
            "pack": .words(pack), "name": .words(name), "credits": .number(of: credits), "bonus": .number(of: bonus),
            "price_micro_usd": .money(price), "worth_micro_usd": .money(worth), "status": .string(status.rawValue),
            "product": .words(product), "session": .words(session), "checkout_url": .words(checkoutURL),
            "payment": .words(payment), "created_ms": .time(created), "completed_ms": .time(completed),
            "check_ms": .time(check), "revision": .number(of: revision), "returns": .document(returns.json),
            "returned_micro_usd": .money(returned), "taken_micro_usd": .money(taken), "asked_micro_usd": .money(asked),
            "sent_micro_usd": .money(sent),
        ]
    }

    init(_ fields: PostgresFields) throws(PostgresError) {
        let pack = CreditPack(
            id: try fields.text("pack"),
            name: try fields.text("name"),
            credits: try fields.int("credits"),
            bonus: try fields.int("bonus"),
            price: try fields.money("price_micro_usd")
        )
        self.init(
            id: try fields.id("id"),
            user: try fields.id("user_id"),
            method: try fields.word("method"),
            pack: pack,
            worth: try fields.money("worth_micro_usd"),
            created: try fields.time("created_ms")
        )
        status = try fields.word("status")
        product = try fields.optionalText("product")
        session = try fields.optionalText("session")
        checkoutURL = try fields.optionalText("checkout_url")
        payment = try fields.optionalText("payment")
        completed = try fields.optionalTime("completed_ms")
        check = try fields.optionalTime("check_ms")
        revision = try fields.integer("revision")
        returns = try fields.optional("returns", PurchaseReturns.init) ?? PurchaseReturns()
        taken = try fields.money("taken_micro_usd")
        asked = try fields.money("asked_micro_usd")
        sent = try fields.money("sent_micro_usd")
    }
}

extension CreditGrant {
    /// Its columns but those that the record sets itself.
    var row: JSONObject {
        [
            "user_id": .string(user.text), "kind": .string(kind.rawValue), "period": .string(period),
            "id": .words(id), "amount_micro_usd": .money(amount), "granted_ms": .time(granted),
            "expires_ms": .time(expires), "expired_micro_usd": .money(expired),
        ]
    }

    init(_ fields: PostgresFields) throws(PostgresError) {
        self.init(
            user: try fields.id("user_id"),
            kind: try fields.word("kind"),
            period: try fields.text("period"),
            id: try fields.text("id"),
            amount: try fields.money("amount_micro_usd"),
            granted: try fields.time("granted_ms"),
            expires: try fields.optionalTime("expires_ms")
        )
        expired = try fields.money("expired_micro_usd")
    }
}

extension LedgerEntry {
    init(_ fields: PostgresFields, of user: UserID) throws(PostgresError) {
        self.init(
            id: LedgerEntryID(number: try fields.integer("n")),
            user: user,
            kind: try fields.word("kind"),
            amount: try fields.money("amount_micro_usd"),
            availableAfter: try fields.money("available_after_micro_usd"),
            note: try fields.text("note"),
            reference: try fields.optionalText("reference"),
            at: try fields.time("at_ms")
        )
    }
}

extension LedgerTransfer {
    /// What the function that makes it takes.
    var argument: JSONObject {
        [
            "id": .words(id), "user": .string(user.text), "amount": .money(amount), "house": .string(houseAccount),
            "kind": .string(kind.rawValue), "note": .words(note), "reference": .words(reference), "at": .time(at),
        ]
    }
}

extension JSON {
    static func transfer(_ transfer: LedgerTransfer?) -> JSON { transfer.map { .object($0.argument) } ?? .null }
}
