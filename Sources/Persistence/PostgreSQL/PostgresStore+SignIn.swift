package import Orchestrator

// MARK: - Devices

extension PostgresStore {
    private static let addingGrant = PostgresStatement(
        "add-device",
        """
        INSERT INTO device_grants (code_hash, user_code, client_id, name, provider, address, created_ms, expires_ms,
            interval_s, state)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'pending')
        """
    )

    package func addDeviceGrant(_ grant: DeviceGrant) async throws(StoreError) {
        try await tell(
            PostgresStore.addingGrant,
            [
                .text(grant.codeHash), .text(grant.userCode), .optional(grant.clientID), .text(grant.name),
                .optional(grant.provider), .text(grant.address), .time(grant.created), .time(grant.expires),
                .count(grant.interval),
            ]
        )
    }

    private static let grants = "SELECT row_to_json(device_grants) FROM device_grants"
    private static let grantOf = PostgresStatement("device", isRepeatable: true, grants + " WHERE code_hash = $1")
    private static let grantNamed = PostgresStatement("device-at", isRepeatable: true, grants + " WHERE user_code = $1")

    package func deviceGrant(codeHash: String) async throws(StoreError) -> DeviceGrant? {
        try await grant(PostgresStore.grantOf, codeHash)
    }

    package func deviceGrant(userCode: String) async throws(StoreError) -> DeviceGrant? {
        try await grant(PostgresStore.grantNamed, userCode)
    }

    private func grant(_ statement: PostgresStatement, _ name: String) async throws(StoreError) -> DeviceGrant? {
        try await ask(statement, [.text(name)]) { result throws(PostgresError) in
            try result.first { row throws(PostgresError) in try DeviceGrant(PostgresFields(row.text(0))) }
        }
    }

    private static let polling = PostgresStatement(
        "poll-device",
        """
        UPDATE device_grants SET polled_ms = $2, interval_s = $3
        WHERE code_hash = $1 AND state = 'pending' AND polled_ms IS NOT DISTINCT FROM $4
        """
    )

    package func notePoll(of grant: DeviceGrant, at now: Timestamp, interval: Int) async throws(StoreError) -> Bool {
        let values: [PostgresValue] = [
            .text(grant.codeHash), .time(now), .count(interval), .optional(grant.polled?.milliseconds),
        ]
        return try await ask(PostgresStore.polling, values) { result throws(PostgresError) in result.changes == 1 }
    }

    private static let deciding = PostgresStatement(
        "decide-device",
        isRepeatable: true,
        """
        UPDATE device_grants SET state = $2, user_id = $3
        WHERE user_code = $1 AND expires_ms > $4 AND (state = 'pending' OR state = $2 AND user_id = $3)
        """
    )

    package func decideDevice(
        userCode: String,
        by user: UserID,
        isApproved: Bool,
        now: Timestamp
    ) async throws(StoreError) -> Bool {
        let state = isApproved ? DeviceGrant.State.approved : .denied
        let values: [PostgresValue] = [.text(userCode), .text(state.rawValue), .id(user), .time(now)]
        return try await ask(PostgresStore.deciding, values) { result throws(PostgresError) in result.changes == 1 }
    }

    /// Sent again after a lost answer it finds its own key.
    private static let redeeming = PostgresStatement(
        "redeem-device",
        isRepeatable: true,
        """
        WITH let_in AS (
            UPDATE device_grants SET state = 'redeemed', key_id = $4
            WHERE code_hash = $1 AND user_id = $2
                AND (state = 'approved' AND expires_ms > $3 OR state = 'redeemed' AND key_id = $4)
            RETURNING key_id
        )
        INSERT INTO keys (id, owner, name, prefix, hash, created_ms, scopes)
        SELECT $4, $2, $5, $6, $7, $8, $9 FROM let_in ON CONFLICT (hash) DO UPDATE SET hash = EXCLUDED.hash
        """
    )

    package func redeemDevice(codeHash: String, for key: KeyRecord, now: Timestamp) async throws(StoreError) -> Bool {
        let values: [PostgresValue] = [
            .text(codeHash), .id(key.owner), .time(now), .id(key.id), .text(key.name), .text(key.prefix),
            .text(key.hash), .time(key.created), .text(JSON.array(key.scopes.map(JSON.string)).text),
        ]
        return try await ask(PostgresStore.redeeming, values) { result throws(PostgresError) in result.changes == 1 }
    }
}

extension DeviceGrant {
    fileprivate init(_ fields: PostgresFields) throws(PostgresError) {
        self.init(
            codeHash: try fields.text("code_hash"),
            userCode: try fields.text("user_code"),
            clientID: try fields.optionalText("client_id"),
            name: try fields.text("name"),
            provider: try fields.optionalText("provider"),
            address: try fields.text("address"),
            created: try fields.time("created_ms"),
            expires: try fields.time("expires_ms"),
            interval: try fields.int("interval_s")
        )
        polled = try fields.optionalTime("polled_ms")
        state = try fields.word("state")
        user = try fields.optionalID("user_id")
    }
}

// MARK: - Identities

extension PostgresStore {
    private static let addingSignIn = PostgresStatement(
        "add-sign-in",
        """
        INSERT INTO sign_ins (state_hash, provider, browser_hash, redirect_uri, return_path, verifier, nonce, expires_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """
    )

    package func addSignIn(_ signIn: PendingSignIn) async throws(StoreError) {
        try await tell(
            PostgresStore.addingSignIn,
            [
                .text(signIn.stateHash), .text(signIn.provider), .text(signIn.browserHash), .text(signIn.redirectURI),
                .text(signIn.returnPath), .text(signIn.verifier), .text(signIn.nonce), .time(signIn.expires),
            ]
        )
    }

    private static let takingSignIn = PostgresStatement(
        "take-sign-in",
        "DELETE FROM sign_ins WHERE state_hash = $1 RETURNING row_to_json(sign_ins)"
    )

    package func takeSignIn(stateHash: String, now: Timestamp) async throws(StoreError) -> PendingSignIn? {
        let taken = try await ask(PostgresStore.takingSignIn, [.text(stateHash)]) { result throws(PostgresError) in
            try result.first { row throws(PostgresError) in try PendingSignIn(PostgresFields(row.text(0))) }
        }
        return taken.flatMap { $0.expires > now ? $0 : nil }
    }

    private static let identifying = PostgresStatement(
        "identify",
        isRepeatable: true,
        "SELECT orchestrator_identify($1)"
    )
    /// The first may lose to another call, and so, hardly ever, the second; then the identity is known.
    private static let identifications = 3

    package func identify(
        _ identity: ProvenIdentity,
        orAdd newUser: UserRecord,
        owner: UserID?,
        now: Timestamp
    ) async throws(StoreError) -> IdentifiedUser {
        let argument: JSONObject = [
            "provider": .string(identity.provider), "subject": .string(identity.subject),
            "email": identity.email.map(JSON.string) ?? .null, "new_id": .string(newUser.id.text),
            "new_email": .string(newUser.email), "new_admin": .flag(newUser.isAdmin),
            "new_created": .time(newUser.created), "owner": (owner?.text).map(JSON.string) ?? .null,
            "now": .time(now),
        ]
        var attempt = 1
        while true {
            do throws(StoreError) {
                let found = try await ask(PostgresStore.identifying, [.json(argument)]) {
                    result throws(PostgresError) in
                    try result.first { row throws(PostgresError) in
                        let fields = try PostgresFields(row.text(0))
                        return IdentifiedUser(
                            user: try UserRecord(fields.part("user")),
                            way: try fields.word("way")
                        )
                    }
                }
                guard let found else { throw .corrupt("the user just identified is not there") }
                return found
            } catch {
                guard case .conflict = error, attempt < PostgresStore.identifications else { throw error }
                attempt += 1
            }
        }
    }

    private static let removingUser = PostgresStatement("remove-user", "SELECT orchestrator_remove_user($1)")

    package func removeUser(_ user: UserID) async throws(StoreError) -> UserRemoval {
        try await ask(PostgresStore.removingUser, [.id(user)]) { result throws(PostgresError) in
            let word = try result.first { row throws(PostgresError) in try row.text(0) } ?? ""
            guard let removal = UserRemoval(rawValue: word) else {
                throw PostgresError(.unreadable, "'\(word)' is no end of a removal")
            }
            return removal
        }
    }
}

extension PendingSignIn {
    fileprivate init(_ fields: PostgresFields) throws(PostgresError) {
        self.init(
            stateHash: try fields.text("state_hash"),
            provider: try fields.text("provider"),
            browserHash: try fields.text("browser_hash"),
            redirectURI: try fields.text("redirect_uri"),
            returnPath: try fields.text("return_path"),
            verifier: try fields.text("verifier"),
            nonce: try fields.text("nonce"),
            expires: try fields.time("expires_ms")
        )
    }
}
