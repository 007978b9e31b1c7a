/// The durable record, as whole operations; each is one transaction, and has happened when it returns.
///
/// Where several processes share a record, leases are judged by the record's own clock; `now` is what the caller's clock
/// says, for what is merely kept.
package protocol Store: JobStore, PictureStore, AccountStore, LedgerStore, IdempotencyStore, WebhookStore,
    UsageStore, PurchaseStore, GrantStore, AlertStore, Sendable
{
    /// Whether a transaction can be made now.
    func ping() async throws(StoreError)

    /// Removes what has run out: answers kept for repeats, sessions, windows of limits; at most some thousand rows a call.
    func sweep(now: Timestamp) async throws(StoreError)
}
