extension PostgresSchema {
    /// Version 4: devices that wait to be let in, and identities at other services.
    static let signIn = [
        """
        CREATE TABLE device_grants (
            code_hash \(text) PRIMARY KEY,
            user_code \(text) NOT NULL UNIQUE,
            client_id \(text),
            name \(text) NOT NULL,
            provider \(text),
            address \(text) NOT NULL,
            created_ms bigint NOT NULL,
            expires_ms bigint NOT NULL,
            interval_s bigint NOT NULL,
            polled_ms bigint,
            state \(text) NOT NULL CHECK (state IN ('pending', 'approved', 'denied', 'redeemed')),
            user_id \(text),
            key_id \(text),
            CHECK ((state = 'pending') = (user_id IS NULL)),
            CHECK ((state = 'redeemed') = (key_id IS NOT NULL))
        )
        """,
        """
        CREATE TABLE identities (
            provider \(text) NOT NULL,
            subject \(text) NOT NULL,
            user_id \(text) NOT NULL,
            created_ms bigint NOT NULL,
            PRIMARY KEY (provider, subject)
        )
        """,
        """
        CREATE TABLE sign_ins (
            state_hash \(text) PRIMARY KEY,
            provider \(text) NOT NULL,
            browser_hash \(text) NOT NULL,
            redirect_uri \(text) NOT NULL,
            return_path \(text) NOT NULL,
            verifier \(text) NOT NULL,
            nonce \(text) NOT NULL,
            expires_ms bigint NOT NULL
        )
        """,
        // Whether somebody has proven that they read the account's mail.
        "ALTER TABLE users ADD COLUMN is_proven integer NOT NULL DEFAULT 0 CHECK (is_proven IN (0, 1))",
        "CREATE INDEX device_grants_by_end ON device_grants (expires_ms)",
        "CREATE INDEX identities_of_user ON identities (user_id)",
        "CREATE INDEX sign_ins_by_end ON sign_ins (expires_ms)",
    ]
}
