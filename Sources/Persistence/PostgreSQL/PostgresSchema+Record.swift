extension PostgresSchema {
    /// What this release keeps its record in.
    static let record = PostgresSchema(
        steps: [
            Step(version: 1, statements: people + work + books + service + indexes),
            Step(version: 2, statements: provenance),
            Step(version: 3, statements: reckonings),
            Step(version: 4, statements: signIn),
            Step(version: 5, statements: payments),
        ],
        functions: Function.all
    )

    /// Compared byte by byte, as everywhere else in this program, whatever the database is set to.
    static let text = #"text COLLATE "C""#

    /// As in the SQLite file: times are milliseconds since 1970 in UTC, money is millionths of a dollar, truth is 0 or 1, so
    /// that the same queries check both; structured values that no query looks into are JSON text. Ids begin with their
    /// time, so ordering by id is ordering by creation.
    private static let people = [
        """
        CREATE TABLE users (
            id \(text) PRIMARY KEY,
            email \(text) NOT NULL UNIQUE,
            is_admin integer NOT NULL CHECK (is_admin IN (0, 1)),
            created_ms bigint NOT NULL,
            password_hash \(text)
        )
        """,
        """
        CREATE TABLE keys (
            id \(text) PRIMARY KEY,
            owner \(text) NOT NULL,
            name \(text) NOT NULL,
            prefix \(text) NOT NULL,
            hash \(text) NOT NULL UNIQUE,
            created_ms bigint NOT NULL,
            expires_ms bigint,
            revoked_ms bigint,
            scopes \(text) NOT NULL,
            policy \(text),
            spend_per_day_micro_usd bigint,
            rate_count bigint,
            rate_window_ms bigint,
            CHECK ((rate_count IS NULL) = (rate_window_ms IS NULL))
        )
        """,
        """
        CREATE TABLE sessions (
            token_hash \(text) PRIMARY KEY,
            user_id \(text) NOT NULL,
            csrf_token \(text) NOT NULL,
            created_ms bigint NOT NULL,
            expires_ms bigint NOT NULL
        )
        """,
        """
        CREATE TABLE audit (
            id \(text) PRIMARY KEY,
            at_ms bigint NOT NULL,
            actor \(text),
            action \(text) NOT NULL,
            subject \(text) NOT NULL,
            detail \(text) NOT NULL
        )
        """,
    ]

    private static let reckonings = [
        "ALTER TABLE attempts ADD COLUMN quoted_micro_usd bigint",
        "ALTER TABLE attempts ADD COLUMN billed_micro_usd bigint",
    ]

    private static let work = [
        """
        CREATE TABLE jobs (
            id \(text) PRIMARY KEY,
            owner \(text) NOT NULL,
            key_id \(text),
            request_id \(text) NOT NULL,
            operation \(text) NOT NULL,
            status \(text) NOT NULL CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'canceled')),
            model \(text) NOT NULL,
            policy \(text) NOT NULL,
            created_ms bigint NOT NULL,
            started_ms bigint,
            finished_ms bigint,
            cost_micro_usd bigint NOT NULL,
            request \(text) NOT NULL,
            answer \(text) NOT NULL,
            adapted \(text),
            error \(text),
            fence bigint NOT NULL,
            lease_owner \(text),
            lease_until_ms bigint NOT NULL,
            claims integer NOT NULL DEFAULT 0,
            cancel_requested integer NOT NULL DEFAULT 0 CHECK (cancel_requested IN (0, 1)),
            quote \(text),
            credits_reserved bigint NOT NULL DEFAULT 0,
            credits_charged bigint NOT NULL DEFAULT 0,
            credits_refunded bigint NOT NULL DEFAULT 0,
            free_reserved bigint NOT NULL DEFAULT 0,
            free_used bigint NOT NULL DEFAULT 0,
            free_day bigint
        )
        """,
        """
        CREATE TABLE attempts (
            job_id \(text) NOT NULL REFERENCES jobs (id),
            n integer NOT NULL,
            provider \(text) NOT NULL,
            model \(text) NOT NULL,
            tier \(text) NOT NULL,
            count bigint NOT NULL,
            started_ms bigint NOT NULL,
            ended_ms bigint,
            outcome \(text),
            label \(text),
            cost_micro_usd bigint NOT NULL,
            delivered bigint NOT NULL,
            handle \(text),
            usage \(text),
            paid_by_caller integer NOT NULL CHECK (paid_by_caller IN (0, 1)),
            PRIMARY KEY (job_id, n)
        )
        """,
        """
        CREATE TABLE images (
            id \(text) PRIMARY KEY,
            job_id \(text) NOT NULL REFERENCES jobs (id),
            owner \(text) NOT NULL,
            position bigint NOT NULL,
            created_ms bigint NOT NULL,
            digest \(text) NOT NULL,
            byte_count bigint NOT NULL,
            format \(text) NOT NULL,
            width bigint NOT NULL,
            height bigint NOT NULL,
            has_alpha integer NOT NULL CHECK (has_alpha IN (0, 1)),
            provider \(text) NOT NULL,
            model \(text) NOT NULL,
            tier \(text) NOT NULL,
            cost_micro_usd bigint NOT NULL,
            seed_bits bigint,
            revised_prompt \(text),
            is_public integer NOT NULL CHECK (is_public IN (0, 1))
        )
        """,
        "CREATE TABLE gallery (time_ms bigint PRIMARY KEY, image_id \(text) NOT NULL UNIQUE)",
        """
        CREATE TABLE webhooks (
            id \(text) PRIMARY KEY,
            job_id \(text) NOT NULL UNIQUE,
            url \(text) NOT NULL,
            secret \(text) NOT NULL,
            state \(text) NOT NULL CHECK (state IN ('waiting', 'due', 'delivered', 'abandoned')),
            tries bigint NOT NULL,
            ready_ms bigint,
            next_ms bigint,
            CHECK ((state = 'due') = (next_ms IS NOT NULL))
        )
        """,
    ]

    private static let books = [
        """
        CREATE TABLE accounts (
            id \(text) PRIMARY KEY,
            kind \(text) NOT NULL CHECK (kind IN ('tenant', 'house')),
            posted_micro_usd bigint NOT NULL,
            held_micro_usd bigint NOT NULL CHECK (held_micro_usd >= 0),
            lines bigint NOT NULL,
            CHECK (kind <> 'tenant' OR posted_micro_usd - held_micro_usd >= 0)
        )
        """,
        """
        CREATE TABLE transfers (
            id \(text) PRIMARY KEY,
            debit_id \(text) NOT NULL,
            credit_id \(text) NOT NULL,
            amount_micro_usd bigint NOT NULL CHECK (amount_micro_usd > 0),
            kind \(text) NOT NULL,
            note \(text) NOT NULL,
            reference \(text),
            at_ms bigint NOT NULL,
            seq bigint UNIQUE,
            hash \(text),
            CHECK ((seq IS NULL) = (hash IS NULL)),
            CHECK (debit_id <> credit_id)
        )
        """,
        """
        CREATE TABLE holds (
            id \(text) PRIMARY KEY,
            account_id \(text) NOT NULL,
            amount_micro_usd bigint NOT NULL CHECK (amount_micro_usd > 0),
            credit_micro_usd bigint NOT NULL CHECK (credit_micro_usd > 0),
            state \(text) NOT NULL CHECK (state IN ('open', 'settled', 'released')),
            transfer_id \(text) CHECK (transfer_id = 'charge:' || substr(id, 6)),
            CHECK ((state = 'settled') = (transfer_id IS NOT NULL))
        )
        """,
        """
        CREATE TABLE allowance (
            user_id \(text) NOT NULL,
            day bigint NOT NULL,
            used bigint NOT NULL CHECK (used >= 0),
            PRIMARY KEY (user_id, day)
        )
        """,
        """
        CREATE TABLE statement_lines (
            account_id \(text) NOT NULL,
            n bigint NOT NULL CHECK (n >= 1),
            kind \(text) NOT NULL,
            amount_micro_usd bigint NOT NULL,
            available_after_micro_usd bigint NOT NULL,
            note \(text) NOT NULL,
            reference \(text),
            at_ms bigint NOT NULL,
            PRIMARY KEY (account_id, n)
        )
        """,
        """
        CREATE TABLE spend_counters (
            day bigint NOT NULL,
            subject \(text) NOT NULL,
            micro_usd bigint NOT NULL,
            PRIMARY KEY (day, subject)
        ) WITH (fillfactor = 50)
        """,
    ]

    /// `claim` names who took a key that has no job: one who asks again because the answer was lost finds itself.
    private static let service = [
        """
        CREATE TABLE rate_windows (
            subject \(text) PRIMARY KEY,
            end_ms bigint NOT NULL,
            count bigint NOT NULL
        )
        """,
        """
        CREATE TABLE idempotency (
            owner \(text) NOT NULL,
            key \(text) NOT NULL,
            fingerprint \(text) NOT NULL,
            job_id \(text),
            status bigint,
            body \(text),
            expires_ms bigint NOT NULL,
            claim \(text),
            PRIMARY KEY (owner, key),
            CHECK ((status IS NULL) = (body IS NULL))
        )
        """,
        "CREATE TABLE constants (name \(text) PRIMARY KEY, value \(text) NOT NULL)",
    ]

    /// What pictures' files say about how they came about, and the files that they were made from.
    private static let provenance = [
        """
        ALTER TABLE images ADD COLUMN provenance \(text), ADD COLUMN original_digest \(text),
            ADD COLUMN original_format \(text), ADD CHECK ((original_digest IS NULL) = (original_format IS NULL))
        """,
        "CREATE INDEX images_of_original ON images (original_digest) WHERE original_digest IS NOT NULL",
    ]

    private static let indexes = [
        "CREATE INDEX keys_of_owner ON keys (owner, id)",
        "CREATE INDEX jobs_of_owner ON jobs (owner, id)",
        "CREATE INDEX jobs_by_lease ON jobs (lease_until_ms, id) WHERE status IN ('queued', 'running')",
        "CREATE INDEX jobs_by_status ON jobs (status, id)",
        "CREATE INDEX jobs_of_owner_by_status ON jobs (owner, status, id)",
        "CREATE INDEX attempts_by_time ON attempts (started_ms)",
        "CREATE INDEX images_of_job ON images (job_id, position)",
        "CREATE INDEX images_of_owner ON images (owner, id)",
        "CREATE INDEX images_public ON images (id) WHERE is_public = 1",
        "CREATE INDEX images_of_digest ON images (digest)",
        "CREATE INDEX transfers_unsealed ON transfers (at_ms, id) WHERE seq IS NULL",
        "CREATE INDEX rate_windows_by_end ON rate_windows (end_ms)",
        "CREATE INDEX idempotency_by_end ON idempotency (expires_ms)",
        "CREATE INDEX sessions_of_user ON sessions (user_id)",
        "CREATE INDEX sessions_by_end ON sessions (expires_ms)",
        "CREATE INDEX webhooks_due ON webhooks (next_ms, id) WHERE state = 'due'",
    ]
}
