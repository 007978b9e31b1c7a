extension Migration {
    /// Every step since the first release, in order.
    ///
    /// Times are milliseconds since 1970 in UTC, money is millionths of a dollar, structured values that no query looks
    /// into are JSON text. Ids begin with their time, so ordering by id is ordering by creation.
    static let released: [Migration] = [
        Migration(version: 1, statements: [users, keys, jobs, attempts, images, constants] + indexes),
        Migration(version: 2, statements: [gallery]),
        Migration(version: 3, statements: books),
        Migration(version: 4, statements: conditions),
        Migration(version: 5, statements: provenance),
        Migration(version: 6, statements: reckonings),
        Migration(version: 7, statements: signIn),
        Migration(version: 8, statements: payments),
    ]

    private static let users = """
        CREATE TABLE users (
            id TEXT NOT NULL PRIMARY KEY,
            email TEXT NOT NULL UNIQUE,
            is_admin INTEGER NOT NULL CHECK (is_admin IN (0, 1)),
            created_ms INTEGER NOT NULL
        ) STRICT
        """

    private static let keys = """
        CREATE TABLE keys (
            id TEXT NOT NULL PRIMARY KEY,
            owner TEXT NOT NULL,
            name TEXT NOT NULL,
            prefix TEXT NOT NULL,
            hash TEXT NOT NULL UNIQUE,
            created_ms INTEGER NOT NULL,
            expires_ms INTEGER,
            revoked_ms INTEGER,
            scopes TEXT NOT NULL,
            policy TEXT,
            spend_per_day_micro_usd INTEGER,
            rate_count INTEGER,
            rate_window_ms INTEGER,
            CHECK ((rate_count IS NULL) = (rate_window_ms IS NULL))
        ) STRICT
        """

    private static let jobs = """
        CREATE TABLE jobs (
            id TEXT NOT NULL PRIMARY KEY,
            owner TEXT NOT NULL,
            key_id TEXT,
            request_id TEXT NOT NULL,
            operation TEXT NOT NULL,
            status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'canceled')),
            model TEXT NOT NULL,
            policy TEXT NOT NULL,
            created_ms INTEGER NOT NULL,
            started_ms INTEGER,
            finished_ms INTEGER,
            cost_micro_usd INTEGER NOT NULL,
            request TEXT NOT NULL,
            answer TEXT NOT NULL,
            adapted TEXT,
            error TEXT
        ) STRICT
        """

    private static let attempts = """
        CREATE TABLE attempts (
            job_id TEXT NOT NULL REFERENCES jobs (id),
            n INTEGER NOT NULL,
            provider TEXT NOT NULL,
            model TEXT NOT NULL,
            tier TEXT NOT NULL,
            count INTEGER NOT NULL,
            started_ms INTEGER NOT NULL,
            ended_ms INTEGER,
            outcome TEXT,
            label TEXT,
            cost_micro_usd INTEGER NOT NULL,
            delivered INTEGER NOT NULL,
            handle TEXT,
            usage TEXT,
            PRIMARY KEY (job_id, n)
        ) STRICT, WITHOUT ROWID
        """

    private static let images = """
        CREATE TABLE images (
            id TEXT NOT NULL PRIMARY KEY,
            job_id TEXT NOT NULL REFERENCES jobs (id),
            owner TEXT NOT NULL,
            position INTEGER NOT NULL,
            created_ms INTEGER NOT NULL,
            digest TEXT NOT NULL,
            byte_count INTEGER NOT NULL,
            format TEXT NOT NULL,
            width INTEGER NOT NULL,
            height INTEGER NOT NULL,
            has_alpha INTEGER NOT NULL CHECK (has_alpha IN (0, 1)),
            provider TEXT NOT NULL,
            model TEXT NOT NULL,
            tier TEXT NOT NULL,
            cost_micro_usd INTEGER NOT NULL,
            seed_bits INTEGER,
            revised_prompt TEXT,
            is_public INTEGER NOT NULL CHECK (is_public IN (0, 1))
        ) STRICT
        """

    /// What is decided once for a record and all daemons on it, by name.
    private static let constants = """
        CREATE TABLE constants (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID
        """

    /// The places of pictures in the public gallery. A place outlives its picture, so that its name, which caches may keep
    /// for good, is never given to another.
    private static let gallery = """
        CREATE TABLE gallery (time_ms INTEGER NOT NULL PRIMARY KEY, image_id TEXT NOT NULL UNIQUE) STRICT
        """

    /// What pictures' files say about how they came about, and the files that they were made from.
    private static let provenance = [
        "ALTER TABLE images ADD COLUMN provenance TEXT",
        "ALTER TABLE images ADD COLUMN original_digest TEXT",
        """
        ALTER TABLE images ADD COLUMN original_format TEXT
        CHECK ((original_digest IS NULL) = (original_format IS NULL))
        """,
        "CREATE INDEX images_of_original ON images (original_digest) WHERE original_digest IS NOT NULL",
    ]

    /// What the pictures that an attempt made were said to cost, and what they were billed.
    private static let reckonings = [
        "ALTER TABLE attempts ADD COLUMN quoted_micro_usd INTEGER",
        "ALTER TABLE attempts ADD COLUMN billed_micro_usd INTEGER",
    ]

    private static let indexes = [
        "CREATE INDEX keys_of_owner ON keys (owner, id)",
        "CREATE INDEX jobs_of_owner ON jobs (owner, id)",
        "CREATE INDEX jobs_unfinished ON jobs (id) WHERE status IN ('queued', 'running')",
        "CREATE INDEX attempts_by_time ON attempts (started_ms)",
        "CREATE INDEX images_of_job ON images (job_id, position)",
        "CREATE INDEX images_of_owner ON images (owner, id)",
        "CREATE INDEX images_public ON images (id) WHERE is_public = 1",
        "CREATE INDEX images_of_digest ON images (digest)",
    ]
}
