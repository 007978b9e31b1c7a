import Orchestrator
import Transport

// Credits for money.
extension RouteDescription {
    private static let buyer = Parameter("user", Schema.orEmpty(Schema.id(UserID.self)), "only of this user")
    private static let told = Answer.json(Schema.object, "the event was taken")

    static let purchases: [RouteName: RouteDescription] = [
        RouteName(.post, "/v1/credits/purchase"): RouteDescription(
            headers: [.idempotencyKey],
            body: Schema.object(
                ["pack_id": Schema.text(0...100)],
                optional: Schema.nullable([
                    "payment_method": Schema.text(0...100), "payment_provider": Schema.text(0...100),
                    "payment_id": Schema.anything,
                ])
            ),
            .json(Schema.named(.purchase), "the purchase; who pays goes to `checkout_url`")
        ),
        RouteName(.get, "/v1/credits/purchase/{purchase}"): RouteDescription(.json(Schema.named(.purchase))),
        RouteName(.get, "/v1/credits/purchase/{purchase}/status"): RouteDescription(.json(Schema.named(.purchase))),
        RouteName(.get, "/v1/credits/purchases"): RouteDescription(
            query: [.limit(), .after(PurchaseID.self)],
            .json(Schema.list(Schema.named(.purchase)))
        ),
        RouteName(.get, "/v1/admin/purchases"): RouteDescription(
            query: [.limit(), .after(PurchaseID.self), buyer],
            .json(Schema.list(Schema.named(.purchase)))
        ),
        RouteName(.post, "/v1/admin/credits/refund"): RouteDescription(
            headers: [.idempotencyKey],
            body: Schema.object(
                ["purchase_id": Schema.text(1...100)],
                optional: Schema.nullable(["force": Schema.flag, "reason": Schema.text(0...500)])
            ),
            .json(
                Schema.object(
                    Schema.members(
                        Component.purchaseMembers,
                        ["credits_removed": Schema.count, "refund_usd": Schema.dollars, "refund_sent": Schema.flag]
                    )
                )
            )
        ),
        RouteName(.post, "/v1/webhooks/stripe"): RouteDescription(
            headers: [Parameter("Stripe-Signature", Schema.text, "over the body, with the endpoint's secret")],
            body: Schema.anything,
            told
        ),
        RouteName(.post, "/v1/webhooks/creem"): RouteDescription(
            headers: [Parameter("Creem-Signature", Schema.text, "over the body, with the endpoint's secret")],
            body: Schema.anything,
            told
        ),
        RouteName(.post, "/v1/admin/reconcile"): reconcile,
    ]

    /// The bill is no JSON.
    private static var reconcile: RouteDescription {
        var route = RouteDescription(
            query: [
                Parameter("provider", Schema.text(1...100), "whose bill it is", isRequired: true),
                Parameter("day_column", Schema.text, "the column of days"),
                Parameter("amount_column", Schema.text, "the column of amounts in dollars"),
                Parameter("item_column", Schema.text, "the column of models"),
                .format,
            ],
            .json(
                Schema.object([
                    "object": Schema.constant("reconciliation"), "provider": Schema.text, "ours_usd": Schema.dollars,
                    "unresolved_usd": Schema.dollars, "billed_usd": Schema.dollars,
                    "difference_usd": Schema.dollars, "unexplained": Schema.count,
                    "data": Schema.array(reconciledRow),
                ])
            )
        )
        route.body = [("text/csv", Schema.text)]
        return route
    }

    private static let reconciledRow = Schema.object([
        "day": Schema.text, "item": Schema.text, "ours_usd": Schema.dollars, "unresolved_usd": Schema.dollars,
        "billed_usd": Schema.dollars, "difference_usd": Schema.dollars,
        "verdict": Schema.choice(InvoiceComparison.Row.Verdict.self), "explanation": Schema.text,
    ])
}

extension RouteDescription.Parameter {
    /// Of lists that can be had as tables, too.
    static let format = Self(
        "format",
        Schema.orEmpty(Schema.choice(["json", "csv"])),
        "`csv`: a table, as for `Accept: text/csv`"
    )
}
