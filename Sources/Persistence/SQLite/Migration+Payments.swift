extension Migration {
    /// Version 8: purchases, grants, and what operators were told of.
    static let payments = [purchases, paymentProducts, grants, alerts] + paymentIndexes

    /// `check_ms` is when the vendor is to be asked; `returns` is JSON, as no query looks into it.
    private static let purchases = """
        CREATE TABLE purchases (
            id TEXT NOT NULL PRIMARY KEY,
            user_id TEXT NOT NULL,
            method TEXT NOT NULL,
            pack TEXT NOT NULL,
            name TEXT NOT NULL,
            credits INTEGER NOT NULL CHECK (credits > 0),
            bonus INTEGER NOT NULL CHECK (bonus >= 0),
            price_micro_usd INTEGER NOT NULL CHECK (price_micro_usd > 0),
            worth_micro_usd INTEGER NOT NULL CHECK (worth_micro_usd > 0),
            status TEXT NOT NULL
                CHECK (status = 'pending' OR status = 'completed' OR status = 'failed' OR status = 'refunded'),
            product TEXT,
            session TEXT,
            checkout_url TEXT,
            payment TEXT,
            created_ms INTEGER NOT NULL,
            completed_ms INTEGER,
            check_ms INTEGER,
            revision INTEGER NOT NULL,
            returns TEXT NOT NULL,
            returned_micro_usd INTEGER NOT NULL CHECK (returned_micro_usd BETWEEN 0 AND price_micro_usd),
            taken_micro_usd INTEGER NOT NULL CHECK (taken_micro_usd BETWEEN 0 AND worth_micro_usd),
            asked_micro_usd INTEGER NOT NULL,
            sent_micro_usd INTEGER NOT NULL,
            CHECK ((completed_ms IS NOT NULL) = (status = 'completed' OR status = 'refunded'))
        ) STRICT
        """

    private static let paymentProducts = """
        CREATE TABLE payment_products (name TEXT NOT NULL PRIMARY KEY, product TEXT NOT NULL) STRICT, WITHOUT ROWID
        """

    /// Without a transfer where somebody else has had the grant before; `due_ms` is when unused credits may have to go.
    private static let grants = """
        CREATE TABLE grants (
            user_id TEXT NOT NULL,
            kind TEXT NOT NULL,
            period TEXT NOT NULL,
            id TEXT NOT NULL,
            transfer_id TEXT,
            amount_micro_usd INTEGER NOT NULL CHECK (amount_micro_usd > 0),
            granted_ms INTEGER NOT NULL,
            expires_ms INTEGER,
            due_ms INTEGER,
            expired_micro_usd INTEGER NOT NULL CHECK (expired_micro_usd >= 0),
            PRIMARY KEY (user_id, kind, period)
        ) STRICT, WITHOUT ROWID
        """

    private static let alerts = """
        CREATE TABLE alerts (
            rule TEXT NOT NULL,
            subject TEXT NOT NULL,
            since_ms INTEGER NOT NULL,
            stage TEXT NOT NULL,
            PRIMARY KEY (rule, subject)
        ) STRICT, WITHOUT ROWID
        """

    private static let paymentIndexes = [
        "CREATE INDEX purchases_of_user ON purchases (user_id, id)",
        "CREATE UNIQUE INDEX purchases_by_session ON purchases (method, session) WHERE session IS NOT NULL",
        "CREATE UNIQUE INDEX purchases_by_payment ON purchases (method, payment) WHERE payment IS NOT NULL",
        "CREATE INDEX purchases_due ON purchases (check_ms) WHERE check_ms IS NOT NULL",
        "CREATE INDEX grants_due ON grants (due_ms) WHERE due_ms IS NOT NULL",
    ]
}
