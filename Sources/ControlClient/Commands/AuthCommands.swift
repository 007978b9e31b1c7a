internal import CommandLineInterface
private import Glibc
internal import Orchestrator

/// `orchestratorctl auth`: getting a key, and giving it back.
enum AuthCommands {
    static let command = Command(
        "auth",
        "sign in and out",
        commands: [
            Command(
                "login",
                "sign in with an account of this server",
                details: [
                    "Prints an address and a code; once you have approved it in a browser, on any machine, the key is kept. "
                        + "With --email the password is asked for instead, or read from standard input.",
                    "--with-key keeps a key that you have, from standard input: orchestratorctl auth login --with-key < admin.key",
                ],
                options: [
                    CommandOption("email", "ADDRESS", "sign in by e-mail address and password"),
                    CommandOption(flag: "password-stdin", "read the password from standard input"),
                    CommandOption(flag: "with-key", "keep the key that comes on standard input"), noBrowser,
                ]
            ) { call throws(CommandFailure) in try login(call) },
            by("github", "GitHub"), by("google", "Google"), by("apple", "Apple"),
            Command(
                "device-status",
                "say how a sign-in by code stands",
                details: ["Exit codes: 0 completed, 1 expired or denied, 2 there is no such code, 3 pending."],
                operands: [Operand("DEVICE_CODE")]
            ) { call throws(CommandFailure) in try deviceStatus(call) },
            logout,
        ]
    )

    static let logout = Command(
        "logout",
        "revoke the key on the server and forget it",
        details: ["A key that you gave with --with-key is forgotten, not revoked, unless you say --revoke."],
        options: [
            CommandOption(flag: "revoke", "revoke also a key that was not made by signing in"),
            CommandOption(flag: "local", "only forget it"),
        ]
    ) { call throws(CommandFailure) in try logOut(call) }

    private static let noBrowser = CommandOption(flag: "no-browser", "do not open a browser")

    private static func by(_ provider: String, _ name: String) -> Command {
        Command(
            provider,
            "sign in with \(name)",
            details: ["Prints an address and a code to approve in a browser, waits, and keeps the key."],
            options: [noBrowser]
        ) { call throws(CommandFailure) in try keep(try DeviceSignIn(call, provider: provider).key(), .made, call) }
    }

    // MARK: - Signing in

    private static func login(_ call: Invocation) throws(CommandFailure) {
        if call.arguments.has("with-key") {
            let key = try Terminal.input(called: "the key").filter { !$0.isWhitespace }
            guard !key.isEmpty else { throw .misuse("standard input has no key") }
            return try keep(NewCredential(key: key), .given, call)
        }
        guard let email = call.arguments["email"] else {
            guard !call.arguments.has("password-stdin") else { throw .misuse("--password-stdin needs --email") }
            return try keep(try DeviceSignIn(call, provider: "local").key(), .made, call)
        }
        let password =
            call.arguments.has("password-stdin")
            ? try Terminal.input(called: "the password")
            : try Terminal.askSecret("password of \(email):", instead: "say --password-stdin")
        try keep(try PasswordSignIn(call, email: email, password: password).key(), .made, call)
    }

    private enum Source: String { case made, given }

    /// Proves the key and writes it down.
    private static func keep(_ credential: NewCredential, _ source: Source, _ call: Invocation) throws(CommandFailure) {
        var settings = try call.settings()
        let api = try API(url: settings.apiURL, key: Secret(credential.key), timeout: settings.timeout)
        let me = try api.get("/v1/auth/me")
        settings.file.forgetAccount()
        settings.file[.apiURL] = settings.apiURL
        settings.file[.apiKey] = credential.key
        settings.file[.keySource] = source.rawValue
        settings.file[.keyID] = credential.id
        settings.file[.userID] = me["id"]?.string
        settings.file[.email] = me["email"]?.string
        try settings.file.save()
        call.show(["api_url": .string(settings.apiURL), "user": me, "file": .string(settings.file.path)]) {
            ["signed in to \(settings.apiURL) as \(me.shown("email")); the key is in \(settings.file.path)"]
        }
    }

    // MARK: - Status

    private static func deviceStatus(_ call: Invocation) throws(CommandFailure) {
        let api = try call.api()
        let request = api.request("GET", "/v1/auth/device/\(API.escaped(call.operand(0)))/status")
        let reply = try api.reply(request)
        let codes: [String: Int32] = ["completed": 0, "expired": 1, "denied": 1, "invalid": 2, "pending": 3]
        let body = try? JSON(parsing: reply.body)
        let status = reply.status == 404 ? "invalid" : body?["status"]?.string ?? ""
        guard let code = codes[status] else { throw .failure(API.message(of: reply, at: api.url)) }
        call.show(body ?? ["status": .string(status)]) {
            let message = body?.shown("message") ?? ""
            return [message.isEmpty ? status : "\(status): \(message)"]
        }
        if code != 0 { throw .ended(code) }
    }

    // MARK: - Signing out

    private static func logOut(_ call: Invocation) throws(CommandFailure) {
        var settings = try call.settings()
        guard let key = settings.file[.apiKey] else {
            call.show(["signed_out": false, "revoked": false]) { ["not signed in"] }
            return
        }
        let address = settings.file[.apiURL] ?? settings.apiURL
        let isOurs = settings.file[.keySource] == Source.made.rawValue || call.arguments.has("revoke")
        var problem: CommandFailure?
        var isRevoked = false
        if isOurs, !call.arguments.has("local") {
            do throws(CommandFailure) {
                let api = try API(url: address, key: Secret(key), timeout: settings.timeout)
                isRevoked = try revoke(key, settings.file[.keyID], api)
            } catch {
                problem = error
            }
        }
        settings.file.forgetAccount()
        try settings.file.save()
        call.show(["signed_out": true, "revoked": .bool(isRevoked)]) {
            [
                isRevoked
                    ? "signed out; the key is revoked" : "signed out; the key \(Settings.masked(key)) is not revoked"
            ]
        }
        if case .failure(let message)? = problem {
            throw .failure("the key was forgotten here, but not revoked: \(message)")
        }
    }

    /// Revokes a key by its own right; false when it was no key any more.
    private static func revoke(_ key: String, _ id: String?, _ api: API) throws(CommandFailure) -> Bool {
        var name = id
        if name == nil {
            let reply = try api.reply(api.request("GET", "/v1/keys"))
            if reply.status == 401 { return false }
            // All keys of one person whose first characters are this key's: one, but for a wonder.
            let mine = try api.json(try api.checked(reply)).list("data").filter { row in
                row["revoked_at"]?.string == nil && row["prefix"]?.string.map { key.hasPrefix($0) } ?? false
            }
            guard mine.count == 1 else { throw .failure("the server does not list it once among your keys") }
            name = mine[0]["id"]?.string
        }
        guard let name else { return false }
        let reply = try api.reply(api.request("DELETE", "/v1/keys/\(API.escaped(name))"))
        if reply.status == 401 || reply.status == 404 { return false }
        _ = try api.checked(reply)
        return true
    }
}

/// A key that the server has just made, or that somebody brought.
struct NewCredential {
    var key: String
    /// By which it is revoked; nil where the server did not say.
    var id: String?

    /// What this program's keys are called in lists.
    static var name: String {
        var host = [CChar](repeating: 0, count: 256)
        guard unsafe gethostname(&host, host.count - 1) == 0 else { return "orchestratorctl" }
        let name = host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return "orchestratorctl on \(String(decoding: name, as: UTF8.self))"
    }
}

/// Signs in by e-mail address and password, and makes a key.
struct PasswordSignIn {
    private let api: API
    private let email: String
    private let password: String

    init(_ call: Invocation, email: String, password: String) throws(CommandFailure) {
        let settings = try call.settings()
        api = try API(url: settings.apiURL, key: nil, timeout: settings.timeout)
        self.email = email
        self.password = password
    }

    func key() throws(CommandFailure) -> NewCredential {
        let body: JSON = ["email": .string(email), "password": .string(password)]
        let reply = try api.checked(try api.reply(api.request("POST", "/v1/auth/login", body, origin)))
        guard let cookie = reply.header("set-cookie")?.split(separator: ";").first else {
            throw .failure("\(api.url) opened no session")
        }
        let token = try api.json(reply)["csrf_token"]?.string ?? ""
        let session = origin + [("Cookie", String(cookie)), ("X-CSRF-Token", token)]
        let made = try api.post("/v1/keys", ["name": .string(NewCredential.name)], headers: session)
        // The session has done what it was for; one that stays is no harm.
        _ = try? api.post("/v1/auth/logout", [:], headers: session)
        guard let key = made["key"]?.string else { throw .failure("\(api.url) made no key") }
        return NewCredential(key: key, id: made["id"]?.string)
    }

    private var origin: [(String, String)] { [("Origin", api.url)] }
}
