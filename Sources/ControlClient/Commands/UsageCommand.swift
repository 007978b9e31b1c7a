internal import CommandLineInterface
internal import Orchestrator

/// `orchestratorctl usage`.
enum UsageCommand {
    static let command = Command(
        "usage",
        "show what you used, and what it cost",
        details: ["Without days it is the last thirty. The last day counts whole; days are those of UTC."],
        options: [
            CommandOption("start", "DAY", .day, "the first day, YYYY-MM-DD"),
            CommandOption("end", "DAY", .day, "the last day, YYYY-MM-DD"),
            CommandOption("user", "ID", "another user's, for administrators"),
            CommandOption(flag: "detailed", short: "d", "day by day, and the last requests"),
        ]
    ) { call throws(CommandFailure) in try run(call) }

    private static func run(_ call: Invocation) throws(CommandFailure) {
        let arguments = call.arguments
        if let start = arguments["start"], let end = arguments["end"], start > end {
            throw .misuse("--start must not be after --end")
        }
        let api = try call.api()
        let user: String
        if let other = arguments["user"] {
            user = other
        } else {
            user = try api.get("/v1/auth/me")["id"]?.string ?? ""
        }
        let path = "/v1/usage/users/\(API.escaped(user))"
        let period = [("start", arguments["start"]), ("end", arguments["end"])]
        let totals = try api.get(path, period)
        guard arguments.has("detailed") else { return call.show(totals) { sums(totals) } }
        let details = try api.get(path + "/details", period)
        var both = totals.object ?? [:]
        both["daily_usage"] = details["daily_usage"]
        both["data"] = details["data"]
        call.show(.object(both)) { sums(totals) + days(details) }
    }

    private static func sums(_ totals: JSON) -> [String] {
        var rows = totals.list("by_operation").map { row($0.shown("operation"), $0, "") }
        rows += totals.list("by_model").map { row("  " + $0.shown("model"), $0, "") }
        rows.append(row("total", totals, "total_"))
        return ["\(totals.shown("period_start")) to \(totals.shown("period_end"))"]
            + TextTable.lines([["", "REQUESTS", "FAILED", "PICTURES", "USD", "CREDITS"]] + rows)
    }

    private static func days(_ details: JSON) -> [String] {
        let days = details.list("daily_usage").map { row($0.shown("date"), $0, "") }
        let requests = details.list("data").map { request in
            [
                String(request.shown("created").prefix(16)), request.shown("type"), request.shown("status"),
                request.shown("model"), "$" + request.shown("cost_usd"), request.shown("id"),
            ]
        }
        return [""] + TextTable.lines([["DAY", "REQUESTS", "FAILED", "PICTURES", "USD", "CREDITS"]] + days)
            + (requests.isEmpty
                ? [] : [""] + TextTable.lines([["MADE", "TYPE", "STATUS", "MODEL", "COST", "JOB"]] + requests))
    }

    private static func row(_ name: String, _ sums: JSON, _ prefix: String) -> [String] {
        [
            name, sums.shown(prefix + "requests"), sums.shown("failed_requests"), sums.shown(prefix + "images"),
            "$" + sums.shown("cost_usd"), sums.shown("credits"),
        ]
    }
}
