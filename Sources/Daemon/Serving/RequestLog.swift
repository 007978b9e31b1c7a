import Orchestrator
import Transport

/// One line for each request: what came, what was answered, by whom and in what time; never what was said.
struct RequestLog: Sendable {
    private let log: JSONLog
    private let time: any TimeSource

    init(log: JSONLog, time: any TimeSource) {
        self.log = log
        self.time = time
    }

    /// The answer's own headers tell who served.
    private static let told = [
        ("x-job-id", "job.id"), ("x-orchestrator-provider", "provider"), ("x-orchestrator-model", "model"),
        ("x-orchestrator-cost-usd", "cost_usd"), ("x-orchestrator-attempts", "attempts"),
    ]

    func write(_ request: HTTPRequest, id: String, route: String, _ response: HTTPResponse, took: Duration) {
        guard log.isEnabled(.info) else { return }
        var line: JSONObject = [
            "time": .text(time.now()), "level": "info", "message": "request", "request.id": .string(id),
            "method": .string(request.method.rawValue), "route": .string(route), "status": .integer(response.status),
            "ms": .integer(took.milliseconds), "peer": .string(request.peer.text),
        ]
        for (header, field) in Self.told {
            if let value = response.headers.first(where: { $0.name == header })?.value { line[field] = .string(value) }
        }
        log.write(line)
    }
}
