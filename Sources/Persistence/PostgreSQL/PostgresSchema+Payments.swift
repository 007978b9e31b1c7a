extension PostgresSchema {
    /// Version 5: purchases, grants, and what operators were told of. As in the SQLite file.
    static let payments = [
        """
        CREATE TABLE purchases (
            id \(text) PRIMARY KEY,
            user_id \(text) NOT NULL,
            method \(text) NOT NULL,
            pack \(text) NOT NULL,
            name \(text) NOT NULL,
            credits bigint NOT NULL CHECK (credits > 0),
            bonus bigint NOT NULL CHECK (bonus >= 0),
            price_micro_usd bigint NOT NULL CHECK (price_micro_usd > 0),
            worth_micro_usd bigint NOT NULL CHECK (worth_micro_usd > 0),
            status \(text) NOT NULL CHECK (status IN ('pending', 'completed', 'failed', 'refunded')),
            product \(text),
            session \(text),
            checkout_url \(text),
            payment \(text),
            created_ms bigint NOT NULL,
            completed_ms bigint,
            check_ms bigint,
            revision bigint NOT NULL,
            returns \(text) NOT NULL,
            returned_micro_usd bigint NOT NULL CHECK (returned_micro_usd BETWEEN 0 AND price_micro_usd),
            taken_micro_usd bigint NOT NULL CHECK (taken_micro_usd BETWEEN 0 AND worth_micro_usd),
            asked_micro_usd bigint NOT NULL,
            sent_micro_usd bigint NOT NULL,
            CHECK ((completed_ms IS NOT NULL) = (status IN ('completed', 'refunded')))
        )
        """,
        "CREATE TABLE payment_products (name \(text) PRIMARY KEY, product \(text) NOT NULL)",
        """
        CREATE TABLE grants (
            user_id \(text) NOT NULL,
            kind \(text) NOT NULL,
            period \(text) NOT NULL,
            id \(text) NOT NULL,
            transfer_id \(text),
            amount_micro_usd bigint NOT NULL CHECK (amount_micro_usd > 0),
            granted_ms bigint NOT NULL,
            expires_ms bigint,
            due_ms bigint,
            expired_micro_usd bigint NOT NULL CHECK (expired_micro_usd >= 0),
            PRIMARY KEY (user_id, kind, period)
        )
        """,
        """
        CREATE TABLE alerts (
            rule \(text) NOT NULL,
            subject \(text) NOT NULL,
            since_ms bigint NOT NULL,
            stage \(text) NOT NULL,
            PRIMARY KEY (rule, subject)
        )
        """,
        "CREATE INDEX purchases_of_user ON purchases (user_id, id)",
        "CREATE UNIQUE INDEX purchases_by_session ON purchases (method, session) WHERE session IS NOT NULL",
        "CREATE UNIQUE INDEX purchases_by_payment ON purchases (method, payment) WHERE payment IS NOT NULL",
        "CREATE INDEX purchases_due ON purchases (check_ms) WHERE check_ms IS NOT NULL",
        "CREATE INDEX grants_due ON grants (due_ms) WHERE due_ms IS NOT NULL",
    ]
}
