import Orchestrator
import Persistence
import Testing
import Transport

@testable import Daemon

@Suite struct AccountsTests {
    private let store = MemoryAccounts()
    private let time = StillTime()
    private let accounts: Accounts
    /// As little work as a hash can be.
    private static let cheap = PasswordHash.Cost(logN: 4, r: 1, p: 1)

    init() throws {
        let pool = try BlockingPool(name: "test", threads: 1)
        accounts = Accounts(
            store: store,
            time: time,
            hasher: PasswordHasher(pool: pool, cost: Self.cheap)
        )
    }

    private func signUp(_ email: String, _ password: String = "long enough", from address: String = "a") async throws
        -> UserRecord
    {
        try await accounts.signUp(try #require(EmailAddress(email)), password: password, from: address)
    }

    private func status(_ body: () async throws(APIError) -> Void) async -> Int? {
        do throws(APIError) {
            try await body()
            return nil
        } catch {
            return error.status
        }
    }

    private func signInStatus(_ email: String, _ password: String, from address: String = "a") async -> Int? {
        await status { () async throws(APIError) in
            _ = try await accounts.signIn(email: email, password: password, from: address)
        }
    }

    @Test func `an account is signed in to by its password and no other, whatever the address's case`() async throws {
        let user = try await signUp("Some.One@Example.test")
        #expect(user.email == "some.one@example.test" && !user.isAdmin)
        let same = try await accounts.signIn(email: "SOME.ONE@example.test", password: "long enough", from: "a")
        #expect(same.id == user.id)
        #expect(await signInStatus("some.one@example.test", "long enougH") == 401)
        #expect(await signInStatus("nobody@example.test", "long enough") == 401)
    }

    @Test func `an address has one account`() async throws {
        _ = try await signUp("a@b.test")
        #expect(
            await status { () async throws(APIError) in
                guard let email = EmailAddress("A@B.test") else { return }
                _ = try await accounts.signUp(email, password: "another one", from: "a")
            } == 400
        )
        #expect(await signInStatus("a@b.test", "another one") == 401)
    }

    @Test func `an account without a password cannot be signed in to`() async throws {
        let id = UserID(time: time.now(), random: (0, 0))
        _ = try await store.ensureUser(email: "admin@localhost", isAdmin: true, now: time.now(), id: id)
        for password in ["", "admin", "long enough"] {
            #expect(await signInStatus("admin@localhost", password) == 401)
        }
    }

    @Test func `a hash of an older cost is made anew at the next sign-in`() async throws {
        let user = try await signUp("a@b.test")
        let old = try #require(PasswordHash(of: "long enough", cost: .init(logN: 3, r: 1, p: 1)))
        _ = try await store.setPassword(old.text, of: user.id)
        #expect(await signInStatus("a@b.test", "wrong password") == 401)
        #expect(store.state.withLock { $0.passwords[user.id] } == old.text)
        #expect(await signInStatus("a@b.test", "long enough") == nil)
        let kept = try #require(store.state.withLock { $0.passwords[user.id] })
        #expect(PasswordHash(kept)?.cost == Self.cheap)
        #expect(await signInStatus("a@b.test", "long enough") == nil)
    }

    @Test func `a new password ends all sessions but the one that changed it`() async throws {
        let user = try await signUp("a@b.test")
        let (_, mine) = try await accounts.openSession(of: user.id)
        _ = try await accounts.openSession(of: user.id)
        let wrong = try await accounts.changePassword(
            of: user,
            from: "not the one",
            to: "a new password",
            keeping: mine,
            address: "a"
        )
        #expect(!wrong && store.state.withLock { $0.sessions.count } == 2)
        let right = try await accounts.changePassword(
            of: user,
            from: "long enough",
            to: "a new password",
            keeping: mine,
            address: "a"
        )
        #expect(right && store.state.withLock { $0.sessions.map(\.tokenHash) } == [mine.tokenHash])
        #expect(await signInStatus("a@b.test", "long enough") == 401)
        #expect(await signInStatus("a@b.test", "a new password") == nil)
    }

    @Test func `a session's token is kept as a hash alone`() async throws {
        let user = try await signUp("a@b.test")
        let (token, session) = try await accounts.openSession(of: user.id)
        #expect(session.tokenHash == SHA256.hex(of: token) && session.csrfToken != token && token.count == 64)
        #expect(session.expires == time.now() + .seconds(30 * 86_400))
        try await accounts.endSession(token: token)
        #expect(store.state.withLock { $0.sessions.isEmpty })
    }

    @Test func `who guesses is held up, and nobody else`() async throws {
        _ = try await signUp("a@b.test")
        _ = try await signUp("c@d.test")
        var codes: [Int?] = []
        for _ in 0..<21 { codes.append(await signInStatus("a@b.test", "wrong password", from: "evil")) }
        #expect(codes.prefix(20).allSatisfy { $0 == 401 } && codes.last == 429)
        #expect(await signInStatus("a@b.test", "long enough", from: "evil") == 429)
        #expect(await signInStatus("a@b.test", "long enough", from: "home") == nil)
        #expect(await signInStatus("c@d.test", "long enough", from: "evil") == nil)
        time.advance(by: .seconds(900))
        #expect(await signInStatus("a@b.test", "long enough", from: "evil") == nil)
    }
}

@Suite struct SignInThrottleTests {
    @Test func `one address is stopped over all accounts`() {
        var throttle = SignInThrottle()
        for account in 0..<60 {
            #expect(throttle.begin(account: "\(account)", address: "evil", at: .zero) == nil)
        }
        #expect(throttle.begin(account: "another", address: "evil", at: .seconds(1)) == .seconds(599))
        #expect(throttle.begin(account: "another", address: "home", at: .seconds(1)) == nil)
        #expect(throttle.signUp(address: "evil", at: .seconds(1)) == .seconds(599))
    }

    @Test func `one account is stopped over all addresses`() {
        var throttle = SignInThrottle()
        for address in 0..<200 {
            #expect(throttle.begin(account: "a", address: "\(address)", at: .zero) == nil)
        }
        #expect(throttle.begin(account: "a", address: "home", at: .zero) == .seconds(3600))
        #expect(throttle.begin(account: "b", address: "home", at: .zero) == nil)
    }

    @Test func `what succeeds counts for nothing`() {
        var throttle = SignInThrottle()
        for _ in 0..<1000 {
            #expect(throttle.begin(account: "a", address: "home", at: .zero) == nil)
            throttle.succeed(account: "a", address: "home")
        }
    }
}

@Suite struct EmailAddressTests {
    @Test(arguments: [
        ("a@b.test", "a@b.test"), ("A.B+c@Ex-ample.TEST", "a.b+c@ex-ample.test"),
        ("admin@localhost", "admin@localhost"),
        ("x_y'z@1.2", "x_y'z@1.2"),
    ])
    func `an address is known in lower case`(text: String, known: String) {
        #expect(EmailAddress(text)?.text == known)
    }

    @Test(arguments: [
        "", "nonsense", "@b.test", "a@", "a@@b.test", "a@b@c.test", "a b@c.test", "a@b..test", "a@.test", "a@test.",
        "a@-b.test", "a@b-.test", "a\u{0}@b.test", "x@y.test\r\nBcc: z@y.test", "a@b.test\n", " a@b.test",
        "\u{E9}@b.test",
        "a@\u{E9}.test", "a@[127.0.0.1]", "\"a\"@b.test", "a,b@c.test", "<a@b.test>", "a@b_c.test",
        String(repeating: "a", count: 65) + "@b.test", "a@" + String(repeating: "b", count: 64) + ".test",
        "a@" + Array(repeating: "bcdefgh", count: 40).joined(separator: "."),
    ])
    func `what is no address is none`(text: String) {
        #expect(EmailAddress(text) == nil)
    }
}
