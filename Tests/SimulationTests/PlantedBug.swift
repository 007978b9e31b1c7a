import Testing

/// A fault that can be switched on: it changes the text of one of the record's statements, and nothing else.
struct PlantedBug: Sendable, CustomTestStringConvertible {
    var name: String
    /// What a statement must contain to be changed.
    var statement: String
    var original: String
    var mutation: String

    var testDescription: String { name }

    @Sendable func rewrite(_ sql: String) -> String {
        guard sql.contains(statement) else { return sql }
        return sql.replacing(original, with: mutation)
    }

    static let all = [
        PlantedBug(
            name: "a claim leaves the fence as it was",
            statement: "SET fence = fence + 1",
            original: "fence = fence + 1",
            mutation: "fence = fence + 0"
        ),
        PlantedBug(
            name: "a lease is taken over before it has run out",
            statement: "SET fence = fence + 1",
            original: "lease_until_ms <= ?",
            mutation: "lease_until_ms <= ? + 25000"
        ),
        PlantedBug(
            name: "who lost the lease may go on writing",
            statement: "WHERE id = ? AND fence = ?",
            original: "fence = ?",
            mutation: "fence >= ?"
        ),
        PlantedBug(
            name: "a renewal takes every lease",
            statement: "UPDATE jobs SET lease_until_ms = ? WHERE lease_owner = ?",
            original: "lease_owner = ?",
            mutation: "lease_owner >= ?"
        ),
        PlantedBug(
            name: "the balance is checked without what is held",
            statement: "SET held_micro_usd = held_micro_usd + ?1",
            original: "posted_micro_usd - held_micro_usd >= ?1",
            mutation: "posted_micro_usd >= ?1"
        ),
        PlantedBug(
            name: "a settled hold is not taken out of what is held",
            statement: "SET held_micro_usd = held_micro_usd - ?",
            original: "held_micro_usd = held_micro_usd - ?",
            mutation: "held_micro_usd = held_micro_usd - 0 * ?"
        ),
        PlantedBug(
            name: "a charge is not taken from the balance",
            statement: "SET held_micro_usd = held_micro_usd - ?",
            original: "posted_micro_usd = posted_micro_usd - ?",
            mutation: "posted_micro_usd = posted_micro_usd - 0 * ?"
        ),
        PlantedBug(
            name: "a hold stays open when it is resolved",
            statement: "UPDATE holds SET state = ?",
            original: "SET state = ?, transfer_id = ?",
            mutation: "SET state = coalesce(nullif('open', ?), 'open'), transfer_id = nullif(?, '') IS NULL AND NULL"
        ),
        PlantedBug(
            name: "free uses are not given back",
            statement: "UPDATE allowance SET used = used - ?",
            original: "used - ?",
            mutation: "used - 0 * ?"
        ),
        PlantedBug(
            name: "free uses go back to the next day",
            statement: "UPDATE allowance SET used = used - ?",
            original: "day = ?",
            mutation: "day = ? + 1"
        ),
        PlantedBug(
            name: "free uses are not counted",
            statement: "INSERT INTO allowance",
            original: "used = used + excluded.used",
            mutation: "used = used"
        ),
        PlantedBug(
            name: "a repeated key is not recognized",
            statement: "FROM idempotency WHERE owner = ? AND key = ?",
            original: "key = ?",
            mutation: "key = ? || 'x'"
        ),
        PlantedBug(
            name: "the counter of spend stands still",
            statement: "UPDATE spend_counters",
            original: "micro_usd = micro_usd + ?",
            mutation: "micro_usd = max(micro_usd, ?)"
        ),
        PlantedBug(
            name: "a rate's window never fills",
            statement: "UPDATE rate_windows SET count",
            original: "count = count + 1",
            mutation: "count = count"
        ),
        PlantedBug(
            name: "the end of a job does not set its announcement going",
            statement: "UPDATE webhooks SET state = 'due'",
            original: "state = 'waiting'",
            mutation: "state = 'never'"
        ),
        PlantedBug(
            name: "a delivered announcement is made again",
            statement: "UPDATE webhooks SET state = ?, tries = ?, next_ms = ?",
            original: "SET state = ?, tries = ?, next_ms = ?",
            mutation: "SET state = iif(? > '', 'due', 'due'), tries = ?, next_ms = coalesce(?, 1)"
        ),
        PlantedBug(
            name: "an ended job can be ended again",
            statement: "WHERE id = ? AND ",
            original: "status IN ('queued', 'running')",
            mutation: "status <> ''"
        ),
        PlantedBug(
            name: "a known transfer is not recognized",
            statement: "FROM transfers WHERE id = ?",
            original: "id = ?",
            mutation: "id = ? || 'x'"
        ),
        PlantedBug(
            name: "an attempt's cost is forgotten at its end",
            statement: "UPDATE attempts SET provider = ?",
            original: "cost_micro_usd = ?",
            mutation: "cost_micro_usd = 0 * ?"
        ),
        PlantedBug(
            name: "a handle is not written down",
            statement: "UPDATE attempts SET provider = ?",
            original: "handle = ?",
            mutation: "handle = iif(? IS NULL, NULL, NULL)"
        ),
    ]
}
