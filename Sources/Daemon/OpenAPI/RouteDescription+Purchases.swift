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
        RouteName(.post, "/v1/webhooks/replicate"): RouteDescription(
            headers: [
                Parameter("Webhook-Id", Schema.text(1...256), "the message's name"),
                Parameter("Webhook-Timestamp", Schema.text, "Unix seconds"),
                Parameter("Webhook-Signature", Schema.text, "`v1,` and the code in base64, of one secret or several"),
            ],
            body: Schema.anything,
            told
        ),
    ]
}
