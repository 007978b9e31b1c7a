import Orchestrator
import Persistence
import Testing
import Transport

@testable import Daemon

@Suite struct AuthenticatorTests {
    private let store = MemoryAccounts()
    private let time = StillTime()
    private let authenticator: Authenticator
    private let user: UserRecord

    init() async throws {
        authenticator = Authenticator(
            store: store,
            time: time,
            publicURL: "http://127.0.0.1:8080",
            signingKeys: SigningKeys(secret: [1])
        )
        user = try await store.ensureUser(
            email: "a@b.test",
            isAdmin: false,
            now: time.now(),
            id: UserID(time: time.now(), random: (0, 0))
        )
    }

    private func addKey(_ text: String, _ change: (inout KeyRecord) -> Void = { _ in }) async throws -> KeyRecord {
        var key = NewKey.record(of: text, owner: user.id, name: "k", time: time)
        change(&key)
        try await store.addKey(key)
        return key
    }

    private func addSession(lasting: Duration = .seconds(100)) async throws -> String {
        let token = SessionCookie.makeToken()
        let session = SessionRecord(
            tokenHash: SHA256.hex(of: token),
            user: user.id,
            csrfToken: "csrf",
            created: time.now(),
            expires: time.now() + lasting
        )
        try await store.addSession(session)
        return token
    }

    private func status(
        _ headers: [(String, String)],
        _ method: HTTPMethod = .get,
        from address: String = "1.2.3.4"
    ) async -> Int {
        do throws(APIError) {
            _ = try await authenticator.caller(HTTPHeaders(headers), method, address: address)
            return 200
        } catch {
            return error.status
        }
    }

    @Test(arguments: [
        ([("Authorization", "Bearer ork_1")], 200), ([("Authorization", "bEARER  ork_1")], 200),
        ([("authorization", "BEARER ork_1")], 200), ([("X-API-Key", "ork_1")], 200),
        ([("Authorization", "Bearer")], 401), ([("Authorization", "Bearer ")], 401),
        ([("Authorization", "ork_1")], 401),
        ([("Authorization", "Basic ork_1")], 401), ([("X-API-Key", "")], 401), ([("X-API-Key", "ork_2")], 401),
        ([], 401),
        ([("Authorization", "Bearer ork_2"), ("X-API-Key", "ork_1")], 401),
    ])
    func `a key counts in either header and nowhere else`(headers: [(String, String)], expected: Int) async throws {
        _ = try await addKey("ork_1")
        #expect(await status(headers) == expected)
    }

    @Test func `a session proves its user, and a key beside it comes first`() async throws {
        let cookie = ("Cookie", "orchestrator_session=" + (try await addSession()))
        #expect(await status([cookie]) == 200)
        #expect(await status([cookie, ("X-API-Key", "ork_wrong")]) == 401)
        #expect(await status([cookie], .post) == 403)
        #expect(await status([cookie, ("X-CSRF-Token", "csrf")], .post) == 200)
        #expect(await status([("Cookie", "orchestrator_session=" + SessionCookie.makeToken())]) == 401)
        #expect(await status([("Cookie", "orchestrator_session=short")]) == 401)
    }

    @Test func `a key and a session end at their time, remembered or not`() async throws {
        _ = try await addKey("ork_1") { $0.expires = time.now() + .milliseconds(500) }
        let cookie = ("Cookie", "orchestrator_session=" + (try await addSession(lasting: .milliseconds(500))))
        #expect(await status([("X-API-Key", "ork_1")]) == 200)
        #expect(await status([cookie]) == 200)
        time.advance(by: .milliseconds(500))
        #expect(await status([("X-API-Key", "ork_1")]) == 401)
        #expect(await status([cookie]) == 401)
    }

    @Test func `who is known costs no look-up for a second, and is forgotten at once when told`() async throws {
        let key = try await addKey("ork_1")
        for _ in 0..<10 { #expect(await status([("X-API-Key", "ork_1")]) == 200) }
        #expect(store.state.withLock { $0.lookUps } == 1)
        _ = try await store.revokeKey(key.id, owner: user.id, now: time.now())
        #expect(await status([("X-API-Key", "ork_1")]) == 200)
        time.advance(by: .seconds(1))
        #expect(await status([("X-API-Key", "ork_1")]) == 401)
        let other = try await addKey("ork_2")
        #expect(await status([("X-API-Key", "ork_2")]) == 200)
        _ = try await store.revokeKey(other.id, owner: user.id, now: time.now())
        authenticator.forget()
        #expect(await status([("X-API-Key", "ork_2")]) == 401)
    }

    @Test func `an address with many wrong keys is told to wait, and a right key passes from there`() async throws {
        _ = try await addKey("ork_1")
        for number in 0..<300 { #expect(await status([("X-API-Key", "ork_wrong_\(number)")]) == 401) }
        #expect(await status([("X-API-Key", "ork_wrong")]) == 429)
        #expect(await status([("X-API-Key", "ork_1")]) == 200)
        #expect(await status([("X-API-Key", "ork_wrong")], from: "5.6.7.8") == 401)
        time.advance(by: .seconds(60))
        #expect(await status([("X-API-Key", "ork_wrong")]) == 401)
    }
}
