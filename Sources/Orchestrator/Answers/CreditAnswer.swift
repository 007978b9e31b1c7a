/// Balances, statements and prices as `/v1/credits` shows them; whole credits.
package enum CreditAnswer {
    /// `balance` with what is held, which is `reserved`.
    package static func body(of balance: Balance, quote: CreditQuote) -> JSON {
        [
            "balance": .integer(quote.credits(balance.posted)), "currency": "credits",
            "reserved": .integer(quote.credits(roundingUp: balance.held)),
            "daily_free_left": .integer(max(quote.freePerDay - balance.freeUsed, 0)),
        ]
    }

    package static func body(of entry: LedgerEntry, quote: CreditQuote) -> JSON {
        // The difference of two shown balances, so that each row follows from the next whatever a credit is worth.
        let after = quote.credits(entry.availableAfter)
        let before = quote.credits(entry.availableAfter - entry.amount)
        return [
            "id": .string("txn_\(entry.user.text.split(separator: "_").last ?? "")_\(entry.id.number)"),
            "user_id": .string(entry.user.text),
            "type": .string(entry.kind.rawValue),
            "amount": .integer(after - before),
            "balance_after": .integer(after),
            "description": .string(entry.note.isEmpty ? entry.kind.meaning : entry.note),
            "reference_id": .text(entry.reference),
            "created_at": .text(entry.at),
        ]
    }

    package static func packs(_ billing: BillingSettings) -> JSON {
        .array(
            billing.packs.map { pack -> JSON in
                let bonus = pack.bonus > 0 ? " and \(pack.bonus) more for free" : ""
                return [
                    "id": .string(pack.id), "name": .string(pack.name), "credits": .integer(pack.credits),
                    "price_usd_cents": .integer(pack.price.micros / 10_000), "bonus_credits": .integer(pack.bonus),
                    "description": .string("\(pack.credits) credits\(bonus)"),
                ]
            }
        )
    }

    package static func pricing(_ billing: BillingSettings) -> JSON {
        var tiers: JSONObject = [:]
        if billing.pricing == .flat {
            for tier in Tier.allCases { tiers[tier.rawValue] = billing.flat[tier].map { .integer($0) } }
        }
        return [
            "currency": "credits", "credit_usd": .text(billing.credit), "pricing": .string(billing.pricing.rawValue),
            "tiers": .object(tiers), "markup": .text(MicroUSD(micros: billing.markupMillionths)),
            "daily_free": .integer(billing.dailyFree), "packs": packs(billing),
        ]
    }

    /// What the house has given, taken and paid. `costs` is what all vendors took, unresolved attempts at their worst.
    package static func statistics(
        _ totals: LedgerTotals,
        images: Int,
        revenue: MicroUSD,
        costs: MicroUSD,
        quote: CreditQuote
    ) -> JSON {
        let profit = revenue - costs
        // Two places behind the point, and none at all without revenue.
        let margin =
            revenue > .zero
            ? MicroUSD(micros: Int64(Int128(profit.micros) * 10_000 / Int128(revenue.micros)) * 10_000) : nil
        return [
            "users": ["total": .integer(totals.users)],
            "credits": [
                "total_balance": .integer(quote.credits(totals.posted)),
                "total_reserved": .integer(quote.credits(roundingUp: totals.held)),
                "total_purchased": .integer(quote.credits(totals.purchased)),
                "total_granted": .integer(quote.credits(totals.granted)),
                "total_spent": .integer(quote.credits(totals.charged)),
            ],
            "revenue": [
                "total_usd": .text(revenue), "openai_costs_usd": .text(costs), "gross_profit_usd": .text(profit),
                "profit_margin": .text(margin),
            ],
            "images": ["total_generated": .integer(images)],
        ]
    }
}

extension LedgerEntry.Kind {
    /// For people, where nobody gave a reason.
    fileprivate var meaning: String {
        switch self {
        case .purchase: "credits bought"
        case .spend: "charged for a job's pictures"
        case .refund: "given back"
        case .bonus: "credits on top"
        case .adminAdjustment: "by an administrator"
        case .reserve: "reserved for a job"
        case .release: "no longer reserved"
        case .grant: "credits given"
        }
    }
}
