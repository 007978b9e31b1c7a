@testable import Daemon
import Orchestrator

/// Accounts, sessions and repeats in memory, as a backend keeps them.
final class MemoryAccounts: AccountStore, IdempotencyStore, Sendable {
    struct State: Sendable {
        var users: [UserRecord] = []
        var passwords: [UserID: String] = [:]
        var keys: [KeyRecord] = []
        var sessions: [SessionRecord] = []
        var trail: [AuditEntry] = []
        var repeats: [String: IdempotencyRecord] = [:]
        var lookUps = 0
        var grants: [DeviceGrant] = []
        var signIns: [PendingSignIn] = []
        var identities: [ProvenIdentity: UserID] = [:]
    }

    let state = Lock(State())

    func ensureUser(email: String, isAdmin: Bool, now: Timestamp, id: UserID) async throws(StoreError) -> UserRecord {
        state.withLock { state in
            if let user = state.users.first(where: { $0.email == email }) { return user }
            let user = UserRecord(id: id, email: email, isAdmin: isAdmin, created: now)
            state.users.append(user)
            return user
        }
    }

    func addUser(_ user: UserRecord, passwordHash: String) async throws(StoreError) {
        let isTaken = state.withLock { state in
            if state.users.contains(where: { $0.email == user.email }) { return true }
            state.users.append(user)
            state.passwords[user.id] = passwordHash
            return false
        }
        if isTaken { throw .conflict("the address is taken") }
    }

    func user(_ id: UserID) async throws(StoreError) -> UserRecord? {
        state.withLock { $0.users.first { $0.id == id } }
    }

    func credentials(email: String) async throws(StoreError) -> (user: UserRecord, passwordHash: String?)? {
        state.withLock { state in
            state.users.first { $0.email == email }.map { ($0, state.passwords[$0.id]) }
        }
    }

    func setPassword(_ passwordHash: String, of user: UserID) async throws(StoreError) -> Bool {
        state.withLock { $0.passwords.updateValue(passwordHash, forKey: user) != nil }
    }

    func setAdmin(_ isAdmin: Bool, of user: UserID) async throws(StoreError) -> Bool {
        state.withLock { state in
            guard let index = state.users.firstIndex(where: { $0.id == user }) else { return false }
            state.users[index].isAdmin = isAdmin
            return true
        }
    }

    func users(after: UserID?, limit: Int) async throws(StoreError) -> [UserRecord] {
        state.withLock { state in
            let older = state.users.sorted { $0.id > $1.id }.filter { user in after.map { user.id < $0 } ?? true }
            return Array(older.prefix(limit))
        }
    }

    func addKey(_ key: KeyRecord) async throws(StoreError) { state.withLock { $0.keys.append(key) } }

    func key(hash: String) async throws(StoreError) -> KeyRecord? {
        state.withLock { state in
            state.lookUps += 1
            return state.keys.first { $0.hash == hash }
        }
    }

    func keys(of owner: UserID) async throws(StoreError) -> [KeyRecord] {
        state.withLock { $0.keys.filter { $0.owner == owner } }
    }

    func revokeKey(_ id: KeyID, owner: UserID, now: Timestamp) async throws(StoreError) -> Bool {
        state.withLock { state in
            let index = state.keys.firstIndex { $0.id == id && $0.owner == owner && $0.revoked == nil }
            guard let index else { return false }
            state.keys[index].revoked = now
            return true
        }
    }

    func addSession(_ session: SessionRecord) async throws(StoreError) {
        state.withLock { $0.sessions.append(session) }
    }

    func session(tokenHash: String, now: Timestamp) async throws(StoreError) -> (
        session: SessionRecord, user: UserRecord
    )? {
        state.withLock { state in
            state.lookUps += 1
            guard let session = state.sessions.first(where: { $0.tokenHash == tokenHash && $0.expires > now }),
                let user = state.users.first(where: { $0.id == session.user })
            else { return nil }
            return (session, user)
        }
    }

    func endSession(tokenHash: String) async throws(StoreError) {
        state.withLock { $0.sessions.removeAll { $0.tokenHash == tokenHash } }
    }

    func endSessions(of user: UserID, butFor tokenHash: String?) async throws(StoreError) {
        state.withLock { $0.sessions.removeAll { $0.user == user && $0.tokenHash != tokenHash } }
    }

    func audit(_ entry: AuditEntry) async throws(StoreError) { state.withLock { $0.trail.append(entry) } }

    func auditTrail(after: AuditID?, limit: Int) async throws(StoreError) -> [AuditEntry] {
        state.withLock { Array($0.trail.reversed().prefix(limit)) }
    }

    // MARK: Repeats

    func repeats(of owner: UserID, key: String, now: Timestamp) async throws(StoreError) -> IdempotencyRecord? {
        state.withLock { $0.repeats["\(owner) \(key)"] }
    }

    func claimKey(_ claim: IdempotencyClaim, now: Timestamp) async throws(StoreError) -> IdempotencyRecord? {
        state.withLock { state in
            let name = "\(claim.owner) \(claim.key)"
            if let known = state.repeats[name] { return known }
            state.repeats[name] = IdempotencyRecord(fingerprint: claim.fingerprint, job: nil, answer: nil)
            return nil
        }
    }

    func keepAnswer(_ answer: KeptAnswer, owner: UserID, key: String) async throws(StoreError) {
        state.withLock { $0.repeats["\(owner) \(key)"]?.answer = answer }
    }

    func releaseKey(owner: UserID, key: String) async throws(StoreError) {
        state.withLock { $0.repeats["\(owner) \(key)"] = nil }
    }
}

// MARK: - Devices and identities

extension MemoryAccounts {
    func addDeviceGrant(_ grant: DeviceGrant) async throws(StoreError) {
        let isTaken = state.withLock { state in
            if state.grants.contains(where: { $0.codeHash == grant.codeHash || $0.userCode == grant.userCode }) {
                return true
            }
            state.grants.append(grant)
            return false
        }
        if isTaken { throw .conflict("the code is taken") }
    }

    func deviceGrant(codeHash: String) async throws(StoreError) -> DeviceGrant? {
        state.withLock { $0.grants.first { $0.codeHash == codeHash } }
    }

    func deviceGrant(userCode: String) async throws(StoreError) -> DeviceGrant? {
        state.withLock { $0.grants.first { $0.userCode == userCode } }
    }

    /// Changes the one grant that fits; false where none does.
    private func change(
        _ fits: (DeviceGrant) -> Bool,
        body: (inout DeviceGrant) -> Void
    ) -> Bool {
        state.withLock { state in
            guard let index = state.grants.firstIndex(where: fits) else { return false }
            body(&state.grants[index])
            return true
        }
    }

    func notePoll(of grant: DeviceGrant, at now: Timestamp, interval: Int) async throws(StoreError) -> Bool {
        change {
            $0.codeHash == grant.codeHash && $0.state == .pending && $0.polled == grant.polled
        } body: {
            ($0.polled, $0.interval) = (now, interval)
        }
    }

    func decideDevice(
        userCode: String,
        by user: UserID,
        isApproved: Bool,
        now: Timestamp
    ) async throws(StoreError) -> Bool {
        change {
            $0.userCode == userCode && $0.state == .pending && $0.expires > now
        } body: {
            ($0.state, $0.user) = (isApproved ? .approved : .denied, user)
        }
    }

    func redeemDevice(codeHash: String, for key: KeyRecord, now: Timestamp) async throws(StoreError) -> Bool {
        let isRedeemed = change {
            $0.codeHash == codeHash && $0.state == .approved && $0.user == key.owner && $0.expires > now
        } body: {
            $0.state = .redeemed
        }
        if isRedeemed { try await addKey(key) }
        return isRedeemed
    }

    func addSignIn(_ signIn: PendingSignIn) async throws(StoreError) { state.withLock { $0.signIns.append(signIn) } }

    func takeSignIn(stateHash: String, now: Timestamp) async throws(StoreError) -> PendingSignIn? {
        state.withLock { state in
            guard let index = state.signIns.firstIndex(where: { $0.stateHash == stateHash }) else { return nil }
            let taken = state.signIns.remove(at: index)
            return taken.expires > now ? taken : nil
        }
    }

    /// Knows identities by all they say, which is enough for who always says the same.
    func identify(
        _ identity: ProvenIdentity,
        orAdd newUser: UserRecord,
        owner: UserID?,
        now: Timestamp
    ) async throws(StoreError) -> IdentifiedUser {
        state.withLock { state in
            if let id = state.identities[identity], let user = state.users.first(where: { $0.id == id }) {
                return IdentifiedUser(user: user, way: .known)
            }
            if let user = state.users.first(where: { $0.email == identity.email }) {
                state.identities[identity] = user.id
                return IdentifiedUser(user: user, way: .linked)
            }
            state.users.append(newUser)
            state.identities[identity] = newUser.id
            return IdentifiedUser(user: newUser, way: .added)
        }
    }

    func removeUser(_ user: UserID) async throws(StoreError) -> UserRemoval {
        state.withLock { state in
            guard state.users.contains(where: { $0.id == user }) else { return .unknown }
            state.users.removeAll { $0.id == user }
            return .removed
        }
    }
}

/// A clock that stands still until it is moved.
final class StillTime: TimeSource {
    struct State: Sendable {
        var wall = Timestamp(milliseconds: 1_795_255_200_000)
        var monotonic = Duration.zero
        var drawn: UInt64 = 0
    }

    private let state = Lock(State())

    func now() -> Timestamp { state.withLock { $0.wall } }
    func monotonic() -> Duration { state.withLock { $0.monotonic } }
    func sleep(for duration: Duration) async throws(CancellationError) { advance(by: duration) }

    func random() -> UInt64 {
        state.withLock { state in
            state.drawn += 1
            return state.drawn
        }
    }

    func advance(by duration: Duration) {
        state.withLock { state in
            state.wall = state.wall + duration
            state.monotonic += duration
        }
    }
}
