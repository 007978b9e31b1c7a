internal import CommandLineInterface
private import Glibc
internal import Orchestrator

/// `orchestratorctl health`.
enum HealthCommand {
    static let command = Command(
        "health",
        "ask whether the server is well",
        details: ["Exit code 0 only when it answers and can serve requests."]
    ) { call throws(CommandFailure) in
        let api = try call.api()
        let start = ContinuousClock.now
        let reply = try api.reply(api.request("GET", "/health"))
        let took = (ContinuousClock.now - start).milliseconds
        let ready = try api.reply(api.request("GET", "/health/ready"))
        var body = (try? JSON(parsing: reply.body))?.object ?? [:]
        body["latency_ms"] = .integer(took)
        body["ready"] = .bool(ready.isSuccess)
        let isWell = reply.isSuccess && ready.isSuccess && body["status"]?.string == "ok"
        call.show(.object(body)) {
            let answer = String(decoding: reply.body, as: UTF8.self)
            return [
                "\(api.url): \(isWell ? "healthy" : "not healthy"), HTTP \(reply.status), \(took) ms",
                Shown.line(answer, atMost: 1000),
            ]
        }
        guard isWell else {
            if !ready.isSuccess { Console.error(API.message(of: ready, at: api.url)) }
            throw .ended(ExitCode.failure.rawValue)
        }
    }
}
