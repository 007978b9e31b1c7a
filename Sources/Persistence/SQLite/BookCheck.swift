/// One sum that the books must agree on: a query for the rows where it does not, and the sentence that tells each.
///
/// The queries keep to what all SQL databases have. Where two sides must be equal, both are added up with opposite signs in
/// one pass: what is left over is wrong, also where a row of one side is missing.
struct BookCheck: Sendable {
    /// Has one parameter, the most rows wanted.
    let sql: String
    /// `{0}` stands for the row's first column, and so on.
    private let text: String

    private init(_ text: String, _ sql: String) {
        self.text = text
        self.sql = sql + " LIMIT ?"
    }

    /// The sentence for a row.
    func sentence(_ column: (Int) -> String) -> String {
        var sentence = ""
        for (number, piece) in text.split(separator: "{", omittingEmptySubsequences: false).enumerated() {
            guard number > 0, let index = piece.first?.wholeNumberValue else {
                sentence += piece
                continue
            }
            sentence += column(index) + piece.dropFirst(2)
        }
        return sentence
    }

    static let all = accounts + holds + jobs + counters + sales

    private static let accounts = [
        BookCheck(
            "account '{0}' differs from the sum of its transfers by {1} micro-dollars",
            """
            SELECT id, sum(x) FROM (
                SELECT id, posted_micro_usd AS x FROM accounts
                UNION ALL SELECT credit_id, -amount_micro_usd FROM transfers
                UNION ALL SELECT debit_id, amount_micro_usd FROM transfers
            ) AS t GROUP BY id HAVING sum(x) <> 0
            """
        ),
        BookCheck(
            "account '{0}' says that {1} micro-dollars more are held than its open holds",
            """
            SELECT id, sum(x) FROM (
                SELECT id, held_micro_usd AS x FROM accounts
                UNION ALL SELECT account_id, -amount_micro_usd FROM holds WHERE state = 'open'
            ) AS t GROUP BY id HAVING sum(x) <> 0
            """
        ),
        BookCheck(
            "account '{0}' of a user has less posted than is held",
            "SELECT id FROM accounts WHERE kind = 'tenant' AND posted_micro_usd - held_micro_usd < 0"
        ),
        BookCheck(
            "account '{0}' has the kind '{1}'",
            """
            SELECT id, kind FROM accounts
            WHERE NOT (kind = 'tenant' AND id LIKE 'user:%') AND NOT (kind = 'house' AND id LIKE 'house:%')
            """
        ),
        BookCheck(
            "all accounts together have {0} micro-dollars, not 0",
            "SELECT total FROM (SELECT coalesce(sum(posted_micro_usd), 0) AS total FROM accounts) AS t WHERE total <> 0"
        ),
        BookCheck(
            "account '{0}' has {1} micro-dollars available, its statement ends with {2}",
            """
            SELECT id, posted_micro_usd - held_micro_usd, available_after_micro_usd
            FROM accounts LEFT JOIN statement_lines ON account_id = id AND n = lines
            WHERE accounts.kind = 'tenant'
                AND coalesce(available_after_micro_usd, 0) <> posted_micro_usd - held_micro_usd
            """
        ),
        BookCheck(
            "line {1} of the statement of '{0}' is beyond the account's count of lines",
            """
            SELECT account_id, n FROM statement_lines LEFT JOIN accounts ON id = account_id
            WHERE id IS NULL OR n > lines
            """
        ),
        BookCheck(
            "the statement of '{0}' differs from its transfers and holds with the reference '{1}' by {2} micro-dollars",
            """
            SELECT account, reference, sum(x) FROM (
                SELECT account_id AS account, coalesce(reference, '') AS reference, amount_micro_usd AS x
                    FROM statement_lines
                UNION ALL SELECT credit_id, coalesce(reference, ''), -amount_micro_usd FROM transfers
                    WHERE credit_id LIKE 'user:%'
                UNION ALL SELECT debit_id, coalesce(reference, ''), amount_micro_usd FROM transfers
                    WHERE debit_id LIKE 'user:%'
                UNION ALL SELECT account_id, substr(id, 6), amount_micro_usd FROM holds WHERE state = 'open'
            ) AS t GROUP BY account, reference HAVING sum(x) <> 0
            """
        ),
        BookCheck(
            "the statement of '{0}' says {2} micro-dollars more than was held for job '{1}'",
            """
            SELECT account, reference, sum(x) FROM (
                SELECT account_id AS account, reference, -amount_micro_usd AS x FROM statement_lines
                    WHERE kind = 'reserve'
                UNION ALL SELECT account_id, substr(id, 6), -amount_micro_usd FROM holds
            ) AS t GROUP BY account, reference HAVING sum(x) <> 0
            """
        ),
    ]

    private static let holds = [
        BookCheck(
            "settled hold '{0}' has no transfer '{1}' from its account of at most its amount",
            """
            SELECT holds.id, transfer_id FROM holds LEFT JOIN transfers ON transfers.id = transfer_id
            WHERE state = 'settled' AND (transfers.id IS NULL OR debit_id <> account_id
                OR credit_id <> 'house:revenue' OR transfers.amount_micro_usd > holds.amount_micro_usd)
            """
        ),
        BookCheck(
            "transfer '{0}' has no settled hold",
            """
            SELECT transfers.id FROM transfers LEFT JOIN holds ON holds.id = 'hold:' || substr(transfers.id, 8)
            WHERE transfers.id LIKE 'charge:%' AND (holds.id IS NULL OR state <> 'settled')
            """
        ),
        BookCheck(
            "hold '{0}' is {1}, its job is {2}",
            """
            SELECT holds.id, state, coalesce(status, 'unknown') FROM holds LEFT JOIN jobs ON jobs.id = substr(holds.id, 6)
            WHERE status IS NULL OR (state = 'open') <> (status IN ('queued', 'running'))
                OR (state = 'settled' AND status <> 'succeeded')
            """
        ),
    ]

    private static let jobs = [
        BookCheck(
            "job '{0}' reserved {1} credits, its hold is {2} micro-dollars",
            """
            SELECT jobs.id, credits_reserved, coalesce(amount_micro_usd, 0)
            FROM jobs LEFT JOIN holds ON holds.id = 'hold:' || jobs.id
            WHERE credits_reserved <> coalesce(amount_micro_usd / credit_micro_usd, 0)
            """
        ),
        BookCheck(
            "hold '{0}' is not of its job's owner",
            """
            SELECT holds.id FROM holds JOIN jobs ON jobs.id = substr(holds.id, 6)
            WHERE account_id <> 'user:' || owner
            """
        ),
        BookCheck(
            "job '{0}' was charged {1} credits, its transfer is {2} micro-dollars",
            """
            SELECT jobs.id, credits_charged, coalesce(transfers.amount_micro_usd, 0) FROM jobs
            LEFT JOIN holds ON holds.id = 'hold:' || jobs.id LEFT JOIN transfers ON transfers.id = transfer_id
            WHERE credits_charged <> coalesce(transfers.amount_micro_usd / credit_micro_usd, 0)
            """
        ),
        BookCheck(
            "job '{0}' reserved {1} credits, was charged {2} and refunded {3}",
            """
            SELECT id, credits_reserved, credits_charged, credits_refunded FROM jobs
            WHERE credits_refunded <> CASE WHEN status IN ('queued', 'running') THEN 0
                ELSE credits_reserved - credits_charged END
            """
        ),
        BookCheck(
            "job '{0}' reserved {1} free uses of day {3} and used {2}",
            """
            SELECT id, free_reserved, free_used, free_day FROM jobs
            WHERE free_used < 0 OR free_used > free_reserved OR (free_reserved > 0 AND free_day IS NULL)
            """
        ),
    ]

    private static let counters = [
        BookCheck(
            "the counter of '{1}' on day {0} differs from the attempts by {2} micro-dollars",
            """
            SELECT day, subject, sum(x) FROM (
                SELECT day, subject, micro_usd AS x FROM spend_counters
                UNION ALL SELECT started_ms / 86400000, 'all', -cost_micro_usd FROM attempts WHERE paid_by_caller = 0
                UNION ALL SELECT started_ms / 86400000, 'provider:' || provider, -cost_micro_usd FROM attempts
                    WHERE paid_by_caller = 0
                UNION ALL SELECT attempts.started_ms / 86400000, 'key:' || key_id, -attempts.cost_micro_usd
                    FROM attempts JOIN jobs ON jobs.id = job_id WHERE paid_by_caller = 0 AND key_id IS NOT NULL
            ) AS t GROUP BY day, subject HAVING sum(x) <> 0
            """
        ),
        BookCheck(
            "user '{0}' has {2} more free uses taken on day {1} than by jobs",
            """
            SELECT account, day, sum(x) FROM (
                SELECT user_id AS account, day, used AS x FROM allowance
                UNION ALL SELECT owner, free_day,
                    -CASE WHEN status IN ('queued', 'running') THEN free_reserved ELSE free_used END
                    FROM jobs WHERE free_day IS NOT NULL
            ) AS t GROUP BY account, day HAVING sum(x) <> 0
            """
        ),
    ]

    private static let sales = [
        BookCheck(
            "purchase '{0}' is {1}, and {3} micro-dollars came into its buyer's account, not {2}",
            """
            SELECT purchases.id, status, CASE WHEN completed_ms IS NULL THEN 0 ELSE worth_micro_usd END AS due,
                coalesce(amount_micro_usd, 0) AS paid
            FROM purchases LEFT JOIN transfers ON transfers.id = 'purchase:' || purchases.id
                AND kind = 'purchase' AND debit_id = 'house:payments' AND credit_id = 'user:' || user_id
            WHERE coalesce(amount_micro_usd, 0) <> CASE WHEN completed_ms IS NULL THEN 0 ELSE worth_micro_usd END
            """
        ),
        BookCheck(
            "transfer '{0}' has no purchase",
            """
            SELECT transfers.id FROM transfers LEFT JOIN purchases ON purchases.id = substr(transfers.id, 10)
            WHERE transfers.id LIKE 'purchase:%' AND purchases.id IS NULL
            """
        ),
        BookCheck(
            "of purchase '{0}' {1} micro-dollars more were taken back than its transfers say",
            """
            SELECT purchase, sum(x) FROM (
                SELECT id AS purchase, taken_micro_usd AS x FROM purchases
                UNION ALL SELECT reference, CASE WHEN credit_id = 'house:payments' THEN -amount_micro_usd
                    ELSE amount_micro_usd END FROM transfers WHERE id LIKE 'refund:pur_%'
            ) AS t GROUP BY purchase HAVING sum(x) <> 0
            """
        ),
        BookCheck(
            "grant '{0}' differs from its transfers by {1} micro-dollars",
            """
            SELECT grant_id, sum(x) FROM (
                SELECT transfer_id AS grant_id, amount_micro_usd - expired_micro_usd AS x FROM grants
                    WHERE transfer_id IS NOT NULL
                UNION ALL SELECT reference, CASE WHEN debit_id = 'house:grants' THEN -amount_micro_usd
                    ELSE amount_micro_usd END FROM transfers WHERE id LIKE 'gift:%' OR id LIKE 'expire:gift:%'
            ) AS t GROUP BY grant_id HAVING sum(x) <> 0
            """
        ),
    ]
}
