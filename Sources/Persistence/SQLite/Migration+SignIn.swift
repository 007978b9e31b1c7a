extension Migration {
    /// Version 7: devices that wait to be let in, and identities at other services.
    static let signIn = [
        """
        CREATE TABLE device_grants (
            code_hash TEXT NOT NULL PRIMARY KEY,
            user_code TEXT NOT NULL UNIQUE,
            client_id TEXT,
            name TEXT NOT NULL,
            provider TEXT,
            address TEXT NOT NULL,
            created_ms INTEGER NOT NULL,
            expires_ms INTEGER NOT NULL,
            interval_s INTEGER NOT NULL,
            polled_ms INTEGER,
            state TEXT NOT NULL
                CHECK (state = 'pending' OR state = 'approved' OR state = 'denied' OR state = 'redeemed'),
            user_id TEXT,
            key_id TEXT,
            CHECK ((state = 'pending') = (user_id IS NULL)),
            CHECK ((state = 'redeemed') = (key_id IS NOT NULL))
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE identities (
            provider TEXT NOT NULL,
            subject TEXT NOT NULL,
            user_id TEXT NOT NULL,
            created_ms INTEGER NOT NULL,
            PRIMARY KEY (provider, subject)
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE sign_ins (
            state_hash TEXT NOT NULL PRIMARY KEY,
            provider TEXT NOT NULL,
            browser_hash TEXT NOT NULL,
            redirect_uri TEXT NOT NULL,
            return_path TEXT NOT NULL,
            verifier TEXT NOT NULL,
            nonce TEXT NOT NULL,
            expires_ms INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        // Whether somebody has proven that they read the account's mail.
        "ALTER TABLE users ADD COLUMN is_proven INTEGER NOT NULL DEFAULT 0 CHECK (is_proven IN (0, 1))",
        "CREATE INDEX device_grants_by_end ON device_grants (expires_ms)",
        "CREATE INDEX identities_of_user ON identities (user_id)",
        "CREATE INDEX sign_ins_by_end ON sign_ins (expires_ms)",
    ]
}
