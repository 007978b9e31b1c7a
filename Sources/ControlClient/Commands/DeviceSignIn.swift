internal import CommandLineInterface
private import Glibc
internal import Orchestrator

/// Signs in by a code that somebody approves in a browser (RFC 8628).
struct DeviceSignIn {
    private let api: API
    private let provider: String
    private let opensBrowser: Bool
    private let progress = Progress()

    private static let client = "orchestratorctl"
    private static let grant = "urn:ietf:params:oauth:grant-type:device_code"

    init(_ call: Invocation, provider: String) throws(CommandFailure) {
        let settings = try call.settings()
        api = try API(url: settings.apiURL, key: nil, timeout: settings.timeout)
        self.provider = provider
        let hasDisplay = ["DISPLAY", "WAYLAND_DISPLAY"].contains { call.environment[$0]?.isEmpty == false }
        opensBrowser = hasDisplay && Terminal.showsErrors && !call.arguments.has("no-browser")
    }

    func key() throws(CommandFailure) -> NewCredential {
        let started = try api.post(
            "/v1/auth/device/code",
            ["client_id": .string(Self.client), "client_type": "cli", "provider": .string(provider)]
        )
        guard let code = started["device_code"]?.string, let address = started["verification_uri"]?.string else {
            throw .failure("\(api.url) answered without a device code")
        }
        let whole = started["verification_uri_complete"]?.string ?? address
        // People need both wherever standard output goes.
        Console.error("Open \(Shown.line(address)) in a browser and enter the code")
        Console.error("\n    \(started.shown("user_code"))\n")
        Console.error("or open \(Shown.line(whole))")
        if opensBrowser { Self.openBrowser(whole) }
        return try poll(code, started)
    }

    private func poll(_ code: String, _ started: JSON) throws(CommandFailure) -> NewCredential {
        var interval = max(started["interval"]?.int ?? 5, 1)
        let end = ContinuousClock.now + .seconds(started["expires_in"]?.int ?? 900)
        defer { progress.clear() }
        progress.say("waiting for your approval")
        let body: JSON = [
            "device_code": .string(code), "client_id": .string(Self.client), "grant_type": .string(Self.grant),
        ]
        while ContinuousClock.now < end {
            switch api.outcome(api.request("POST", "/v1/auth/device/token", body, [])) {
            case .success(let reply):
                if let credential = try credential(reply, &interval) { return credential }
            case .failure(let problem):
                // RFC 8628 section 3.5: a connection that fails is no answer; ask less often.
                guard problem.kind != .other else { throw api.failure(problem) }
                interval = min(interval * 2, 60)
            }
            pause(seconds: interval)
        }
        throw .failure("the code has expired; start again")
    }

    /// What one answer of the token route means; nil: ask again.
    private func credential(_ reply: HTTPReply, _ interval: inout Int) throws(CommandFailure) -> NewCredential? {
        let answer = try? JSON(parsing: reply.body)
        if reply.isSuccess, let key = answer?["api_key"]?.string ?? answer?["access_token"]?.string {
            return NewCredential(key: key, id: answer?["key_id"]?.string)
        }
        switch answer?["error"]?.string {
        case "authorization_pending"?: break
        // RFC 8628 section 3.5: five seconds more, from now on.
        case "slow_down"?: interval += 5
        case "expired_token"?: throw .failure("the code has expired; start again")
        case "access_denied"?: throw .failure("the sign-in was denied")
        default:
            guard reply.status == 429 || reply.status >= 500 else {
                throw .failure(API.message(of: reply, at: api.url))
            }
            interval += 5
        }
        return nil
    }

    private func pause(seconds: Int) {
        for _ in 0..<seconds {
            progress.tick()
            sleep(1)
        }
    }

    /// Leaves it to the desktop; whether that works, nobody can tell.
    private static func openBrowser(_ address: String) {
        guard WebOrigin(address) != nil else { return }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for stream in 0..<Int32(3) {
            unsafe posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_RDWR, 0)
        }
        var words = unsafe [strdup("xdg-open"), strdup(address), nil]
        defer { unsafe words.forEach { unsafe free($0) } }
        var child: pid_t = 0
        _ = unsafe posix_spawnp(&child, "xdg-open", &actions, nil, &words, environ)
    }
}
