package import Orchestrator

// MARK: - Devices

extension SQLiteStore {
    package func addDeviceGrant(_ grant: DeviceGrant) async throws(StoreError) {
        try await write { db throws(DatabaseError) in try db.add(grant) }
    }

    package func deviceGrant(codeHash: String) async throws(StoreError) -> DeviceGrant? {
        try await read { db throws(DatabaseError) in try db.deviceGrant(codeHash: codeHash) }
    }

    package func deviceGrant(userCode: String) async throws(StoreError) -> DeviceGrant? {
        try await read { db throws(DatabaseError) in try db.deviceGrant(userCode: userCode) }
    }

    package func notePoll(of grant: DeviceGrant, at now: Timestamp, interval: Int) async throws(StoreError) -> Bool {
        try await write { db throws(DatabaseError) in try db.notePoll(of: grant, at: now, interval: interval) }
    }

    package func decideDevice(
        userCode: String,
        by user: UserID,
        isApproved: Bool,
        now: Timestamp
    ) async throws(StoreError) -> Bool {
        try await write { db throws(DatabaseError) in
            try db.decideDevice(userCode: userCode, by: user, isApproved: isApproved, now: now)
        }
    }

    package func redeemDevice(codeHash: String, for key: KeyRecord, now: Timestamp) async throws(StoreError) -> Bool {
        try await write { db throws(DatabaseError) in try db.redeemDevice(codeHash: codeHash, for: key, now: now) }
    }
}

// MARK: - Identities

extension SQLiteStore {
    package func addSignIn(_ signIn: PendingSignIn) async throws(StoreError) {
        try await write { db throws(DatabaseError) in try db.add(signIn) }
    }

    package func takeSignIn(stateHash: String, now: Timestamp) async throws(StoreError) -> PendingSignIn? {
        try await write { db throws(DatabaseError) in try db.takeSignIn(stateHash: stateHash, now: now) }
    }

    package func identify(
        _ identity: ProvenIdentity,
        orAdd newUser: UserRecord,
        owner: UserID?,
        now: Timestamp
    ) async throws(StoreError) -> IdentifiedUser {
        try await write { db throws(DatabaseError) in
            try db.identify(identity, orAdd: newUser, owner: owner, now: now)
        }
    }

    package func removeUser(_ user: UserID) async throws(StoreError) -> UserRemoval {
        try await write { db throws(DatabaseError) in try db.removeUser(user) }
    }
}
