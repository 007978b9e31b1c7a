internal import Orchestrator

extension Connection {
    private static let grantColumns = """
        SELECT code_hash, user_code, client_id, name, provider, address, created_ms, expires_ms, interval_s, polled_ms,
            state, user_id FROM device_grants
        """

    func add(_ grant: DeviceGrant) throws(DatabaseError) {
        try statement(
            """
            INSERT INTO device_grants (code_hash, user_code, client_id, name, provider, address, created_ms, expires_ms,
                interval_s, state)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending')
            """
        )
        .bind(grant.codeHash).bind(grant.userCode).bind(grant.clientID).bind(grant.name).bind(grant.provider)
        .bind(grant.address).bind(grant.created).bind(grant.expires).bind(grant.interval).run()
    }

    func deviceGrant(codeHash: String) throws(DatabaseError) -> DeviceGrant? {
        try statement(composed: Connection.grantColumns + " WHERE code_hash = ?").bind(codeHash).first(DeviceGrant.init)
    }

    func deviceGrant(userCode: String) throws(DatabaseError) -> DeviceGrant? {
        try statement(composed: Connection.grantColumns + " WHERE user_code = ?").bind(userCode).first(DeviceGrant.init)
    }

    func notePoll(of grant: DeviceGrant, at now: Timestamp, interval: Int) throws(DatabaseError) -> Bool {
        try statement(
            """
            UPDATE device_grants SET polled_ms = ?, interval_s = ?
            WHERE code_hash = ? AND state = 'pending' AND polled_ms IS ?
            """
        )
        .bind(now).bind(interval).bind(grant.codeHash).bind(grant.polled).run()
        return changes == 1
    }

    func decideDevice(
        userCode: String,
        by user: UserID,
        isApproved: Bool,
        now: Timestamp
    ) throws(DatabaseError) -> Bool {
        try statement(
            """
            UPDATE device_grants SET state = ?1, user_id = ?2
            WHERE user_code = ?3 AND expires_ms > ?4 AND (state = 'pending' OR state = ?1 AND user_id = ?2)
            """
        )
        .bind(word: isApproved ? DeviceGrant.State.approved : .denied).bind(user).bind(userCode).bind(now).run()
        return changes == 1
    }

    func redeemDevice(codeHash: String, for key: KeyRecord, now: Timestamp) throws(DatabaseError) -> Bool {
        try statement(
            """
            UPDATE device_grants SET state = 'redeemed', key_id = ?
            WHERE code_hash = ? AND state = 'approved' AND user_id = ? AND expires_ms > ?
            """
        )
        .bind(key.id).bind(codeHash).bind(key.owner).bind(now).run()
        guard changes == 1 else { return false }
        try add(key)
        return true
    }
}

extension DeviceGrant {
    /// Reads the columns that `Connection.grantColumns` names.
    fileprivate init(_ row: borrowing Row) throws(DatabaseError) {
        self.init(
            codeHash: row.text(0),
            userCode: row.text(1),
            clientID: row.optionalText(2),
            name: row.text(3),
            provider: row.optionalText(4),
            address: row.text(5),
            created: row.time(6),
            expires: row.time(7),
            interval: Int(row.integer(8))
        )
        polled = row.optionalTime(9)
        state = try row.word(10, "state of a device")
        user = row.optionalID(11)
    }
}
