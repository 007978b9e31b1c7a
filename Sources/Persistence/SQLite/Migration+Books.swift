extension Migration {
    /// Version 3: leases, credits, caps, repeats, sessions, announcements.
    static let books =
        leases + [
            accounts, transfers, holds, allowance, statementLines, spendCounters, rateWindows, idempotency, sessions,
            audit,
            webhooks,
        ] + bookIndexes + countedSpend

    private static let leases = [
        "ALTER TABLE jobs ADD COLUMN fence INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE jobs ADD COLUMN lease_owner TEXT",
        "ALTER TABLE jobs ADD COLUMN lease_until_ms INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE jobs ADD COLUMN claims INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE jobs ADD COLUMN cancel_requested INTEGER NOT NULL DEFAULT 0 CHECK (cancel_requested IN (0, 1))",
        "ALTER TABLE jobs ADD COLUMN quote TEXT",
        "ALTER TABLE jobs ADD COLUMN credits_reserved INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE jobs ADD COLUMN credits_charged INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE jobs ADD COLUMN credits_refunded INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE jobs ADD COLUMN free_reserved INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE jobs ADD COLUMN free_used INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE jobs ADD COLUMN free_day INTEGER",
        """
        ALTER TABLE attempts ADD COLUMN paid_by_caller INTEGER NOT NULL DEFAULT 0 CHECK (paid_by_caller IN (0, 1))
        """,
        "ALTER TABLE users ADD COLUMN password_hash TEXT",
    ]

    /// `lines` counts the account's statement.
    private static let accounts = """
        CREATE TABLE accounts (
            id TEXT NOT NULL PRIMARY KEY,
            kind TEXT NOT NULL CHECK (kind IN ('tenant', 'house')),
            posted_micro_usd INTEGER NOT NULL,
            held_micro_usd INTEGER NOT NULL CHECK (held_micro_usd >= 0),
            lines INTEGER NOT NULL,
            CHECK (kind <> 'tenant' OR posted_micro_usd - held_micro_usd >= 0)
        ) STRICT, WITHOUT ROWID
        """

    /// Rows are only added; the sealer alone sets `seq` and `hash`.
    private static let transfers = """
        CREATE TABLE transfers (
            id TEXT NOT NULL PRIMARY KEY,
            debit_id TEXT NOT NULL,
            credit_id TEXT NOT NULL,
            amount_micro_usd INTEGER NOT NULL CHECK (amount_micro_usd > 0),
            kind TEXT NOT NULL,
            note TEXT NOT NULL,
            reference TEXT,
            at_ms INTEGER NOT NULL,
            seq INTEGER UNIQUE,
            hash TEXT,
            CHECK ((seq IS NULL) = (hash IS NULL)),
            CHECK (debit_id <> credit_id)
        ) STRICT
        """

    /// `hold:JOB` and its transfer `charge:JOB`, which is unique as the hold is. A credit's worth is kept for the figures in
    /// the job's answer.
    private static let holds = """
        CREATE TABLE holds (
            id TEXT NOT NULL PRIMARY KEY,
            account_id TEXT NOT NULL,
            amount_micro_usd INTEGER NOT NULL CHECK (amount_micro_usd > 0),
            credit_micro_usd INTEGER NOT NULL CHECK (credit_micro_usd > 0),
            state TEXT NOT NULL CHECK (state IN ('open', 'settled', 'released')),
            transfer_id TEXT CHECK (transfer_id = 'charge:' || substr(id, 6)),
            CHECK ((state = 'settled') = (transfer_id IS NOT NULL))
        ) STRICT, WITHOUT ROWID
        """

    /// Free uses taken.
    private static let allowance = """
        CREATE TABLE allowance (
            user_id TEXT NOT NULL,
            day INTEGER NOT NULL,
            used INTEGER NOT NULL CHECK (used >= 0),
            PRIMARY KEY (user_id, day)
        ) STRICT, WITHOUT ROWID
        """

    private static let statementLines = """
        CREATE TABLE statement_lines (
            account_id TEXT NOT NULL,
            n INTEGER NOT NULL CHECK (n >= 1),
            kind TEXT NOT NULL,
            amount_micro_usd INTEGER NOT NULL,
            available_after_micro_usd INTEGER NOT NULL,
            note TEXT NOT NULL,
            reference TEXT,
            at_ms INTEGER NOT NULL,
            PRIMARY KEY (account_id, n)
        ) STRICT, WITHOUT ROWID
        """

    private static let spendCounters = """
        CREATE TABLE spend_counters (
            day INTEGER NOT NULL,
            subject TEXT NOT NULL,
            micro_usd INTEGER NOT NULL,
            PRIMARY KEY (day, subject)
        ) STRICT, WITHOUT ROWID
        """

    private static let rateWindows = """
        CREATE TABLE rate_windows (
            subject TEXT NOT NULL PRIMARY KEY,
            end_ms INTEGER NOT NULL,
            count INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """

    /// Without a status the request still runs, unless it became a job that has ended.
    private static let idempotency = """
        CREATE TABLE idempotency (
            owner TEXT NOT NULL,
            key TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            job_id TEXT,
            status INTEGER,
            body TEXT,
            expires_ms INTEGER NOT NULL,
            PRIMARY KEY (owner, key),
            CHECK ((status IS NULL) = (body IS NULL))
        ) STRICT, WITHOUT ROWID
        """

    private static let sessions = """
        CREATE TABLE sessions (
            token_hash TEXT NOT NULL PRIMARY KEY,
            user_id TEXT NOT NULL,
            csrf_token TEXT NOT NULL,
            created_ms INTEGER NOT NULL,
            expires_ms INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """

    private static let audit = """
        CREATE TABLE audit (
            id TEXT NOT NULL PRIMARY KEY,
            at_ms INTEGER NOT NULL,
            actor TEXT,
            action TEXT NOT NULL,
            subject TEXT NOT NULL,
            detail TEXT NOT NULL
        ) STRICT
        """

    /// waiting (for its job's end) → due → delivered or abandoned. Who works on a delivery has made it due later.
    private static let webhooks = """
        CREATE TABLE webhooks (
            id TEXT NOT NULL PRIMARY KEY,
            job_id TEXT NOT NULL UNIQUE,
            url TEXT NOT NULL,
            secret TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('waiting', 'due', 'delivered', 'abandoned')),
            tries INTEGER NOT NULL,
            ready_ms INTEGER,
            next_ms INTEGER,
            CHECK ((state = 'due') = (next_ms IS NOT NULL))
        ) STRICT
        """

    private static let bookIndexes = [
        "CREATE INDEX jobs_by_lease ON jobs (lease_until_ms, id) WHERE status IN ('queued', 'running')",
        """
        CREATE INDEX jobs_ended ON jobs (status, id) WHERE status IN ('succeeded', 'failed', 'canceled')
        """,
        """
        CREATE INDEX jobs_ended_of_owner ON jobs (owner, status, id) WHERE status IN ('succeeded', 'failed', 'canceled')
        """,
        "CREATE INDEX transfers_unsealed ON transfers (at_ms, id) WHERE seq IS NULL",
        "CREATE INDEX rate_windows_by_end ON rate_windows (end_ms)",
        "CREATE INDEX idempotency_by_end ON idempotency (expires_ms)",
        "CREATE INDEX sessions_of_user ON sessions (user_id)",
        "CREATE INDEX sessions_by_end ON sessions (expires_ms)",
        "CREATE INDEX webhooks_due ON webhooks (next_ms, id) WHERE state = 'due'",
    ]

    /// The counters of what was spent before they were kept.
    private static let countedSpend = [
        """
        INSERT INTO spend_counters (day, subject, micro_usd)
        SELECT started_ms / 86400000, 'all', sum(cost_micro_usd) FROM attempts GROUP BY 1
        """,
        """
        INSERT INTO spend_counters (day, subject, micro_usd)
        SELECT started_ms / 86400000, 'provider:' || provider, sum(cost_micro_usd) FROM attempts GROUP BY 1, 2
        """,
        """
        INSERT INTO spend_counters (day, subject, micro_usd)
        SELECT attempts.started_ms / 86400000, 'key:' || key_id, sum(attempts.cost_micro_usd)
        FROM attempts JOIN jobs ON jobs.id = job_id WHERE key_id IS NOT NULL GROUP BY 1, 2
        """,
    ]
}
