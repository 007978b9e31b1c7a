import FakeVendors
import Foundation
import Orchestrator
import Testing

/// Signing in by a code (RFC 8628), against a server that says what the test wants.
@Suite(.timeLimit(.minutes(3))) struct ControlSignInTests {
    /// A server of the device flow: each poll takes the next answer.
    private final class CodeServer: Sendable {
        struct State: Sendable {
            var answers: [JSON]
            var polls: [(time: ContinuousClock.Instant, body: JSON)] = []
            var started: JSON?
        }

        let state: Watched<State>
        let server: LoopbackServer

        init(_ answers: [JSON], status: (Int, JSON) = (404, ["error": ["message": "no such code", "code": "invalid"]]))
            throws
        {
            let state = Watched(State(answers: answers))
            self.state = state
            server = try LoopbackServer { request, send in
                let body = (try? JSON(parsing: request.body)) ?? .null
                switch request.path {
                case "/v1/auth/device/code":
                    state.change { $0.started = body }
                    send(
                        .json(
                            200,
                            [
                                "device_code": "secret-code", "user_code": "BCDF-GHJK", "interval": 1,
                                "expires_in": 600,
                                "verification_uri": "http://127.0.0.1/device",
                                "verification_uri_complete": "http://127.0.0.1/device?user_code=BCDF-GHJK",
                            ]
                        )
                    )
                case "/v1/auth/device/token":
                    let answer = state.change { state in
                        state.polls.append((.now, body))
                        return state.answers.isEmpty ? ["error": "expired_token"] : state.answers.removeFirst()
                    }
                    send(.json(answer["error"] == nil ? 200 : 400, answer))
                case "/v1/auth/me":
                    let isOurs = request.header("authorization") == "Bearer ork_fresh"
                    send(.json(isOurs ? 200 : 401, ["id": "usr_1", "email": "me@example.test"]))
                default: send(.json(status.0, status.1))
                }
            }
        }
    }

    private static let pending: JSON = ["error": "authorization_pending"]
    private static let success: JSON = ["api_key": "ork_fresh", "access_token": "ork_fresh", "user_id": "usr_1"]

    @Test(arguments: [("github", "github"), ("google", "google"), ("apple", "apple"), ("login", "local")])
    func `both addresses and the code are printed, and the key is kept`(command: String, provider: String) async throws
    {
        let code = try CodeServer([Self.pending, Self.success])
        let control = try Control(code.server.origin)
        let ran = try await control.run(["auth", command])
        #expect(ran.status == 0 && ran.out.contains("me@example.test"), "\(ran)")
        for text in ["http://127.0.0.1/device ", "BCDF-GHJK", "user_code=BCDF-GHJK"] {
            #expect(ran.error.contains(text))
        }
        let kept = try JSON(parsing: Array(try Data(contentsOf: control.settings)))
        #expect(kept["api_key"]?.string == "ork_fresh")
        #expect(try control.mode(of: control.settings) == 0o600)
        let state = code.state.value
        #expect(state.started?["provider"]?.string == provider && state.started?["client_id"] == "orchestratorctl")
        #expect(state.polls.count == 2 && state.polls[0].body["device_code"] == "secret-code")
        code.server.stop()
    }

    @Test func `who is told to slow down asks five seconds less often`() async throws {
        let code = try CodeServer([["error": "slow_down"], Self.success])
        #expect(try await Control(code.server.origin).run(["auth", "github"]).status == 0)
        let times = code.state.value.polls.map(\.time)
        #expect(times.count == 2 && times[1] - times[0] >= .seconds(6))
        code.server.stop()
    }

    @Test(arguments: ["access_denied", "expired_token", "invalid_grant"])
    func `a sign-in that comes to nothing ends with 1 and keeps nothing`(error: String) async throws {
        let code = try CodeServer([["error": .string(error)]])
        let control = try Control(code.server.origin)
        let ran = try await control.run(["auth", "google"])
        #expect(ran.status == 1 && ran.error.contains("orchestratorctl: "), "\(ran.error)")
        #expect(!FileManager.default.fileExists(atPath: control.settings.path))
        code.server.stop()
    }

    static let states: [(Int, JSON, String, Int32)] = [
        (200, ["status": "completed", "message": "done", "user_code": "X"], "completed", 0),
        (200, ["status": "expired", "message": "too late", "user_code": "X"], "expired", 1),
        (404, ["error": ["message": "no such code", "code": "invalid"]], "invalid", 2),
        (200, ["status": "pending", "message": "wait", "user_code": "X"], "pending", 3),
    ]

    @Test(arguments: states)
    func `the status of a code has a word and an exit code each`(
        http: Int,
        body: JSON,
        word: String,
        status: Int32
    ) async throws {
        let code = try CodeServer([], status: (http, body))
        let control = try Control(code.server.origin)
        let ran = try await control.run(["auth", "device-status", "secret-code"])
        #expect(ran.status == status && ran.out.hasPrefix(word), "\(ran)")
        #expect(try await control.run(["auth", "device-status", "x", "--json"]).json == body)
        code.server.stop()
    }
}
