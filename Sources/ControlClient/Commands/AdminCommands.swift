internal import CommandLineInterface
internal import Orchestrator

/// `orchestratorctl admin`: what administrators do.
enum AdminCommands {
    static let command = Command(
        "admin",
        "look after the server, as an administrator",
        commands: [
            Command("stats", "users, credits, revenue and pictures in all") { call throws(CommandFailure) in
                let answer = try call.api().get("/v1/admin/credits/stats")
                call.show(answer) { sections(answer) }
            },
            Command(
                "users",
                "list users, newest first",
                options: [
                    CommandOption("search", "TEXT", "by id, or by a part of the e-mail address"),
                    CommandOption("limit", short: "l", "N", .number(1...100), "how many (20)"),
                    CommandOption("after", "ID", "those after this one"),
                ]
            ) { call throws(CommandFailure) in try users(call) },
            Command("credits", "look after everybody's credits", commands: [adjust]),
            Command(
                "grant",
                "make a user an administrator, or take that back",
                options: [
                    CommandOption("user-id", "ID", "whom"), CommandOption(flag: "revoke", "take the rights back"),
                ]
            ) { call throws(CommandFailure) in
                let body: JSON = [
                    "user_id": .string(try user(call)), "is_admin": .bool(!call.arguments.has("revoke")),
                ]
                let answer = try call.api().post("/v1/admin/grant", body)
                call.show(answer) {
                    [
                        "\(answer.shown("email")) is \(answer["is_admin"]?.bool == true ? "now an" : "no longer an") administrator"
                    ]
                }
            },
            Command("providers", "health, breakers and spend of each provider") { call throws(CommandFailure) in
                let answer = try call.api().get("/v1/admin/providers")
                call.show(answer) { providers(answer) }
            },
            Command("reload", "load the configuration file anew") { call throws(CommandFailure) in
                let answer = try call.api().post("/v1/admin/reload")
                call.show(answer) { ["the configuration is loaded"] }
            },
        ]
    )

    private static let adjust = Command(
        "adjust",
        "give a user credits, or take some",
        details: ["Takes at most what is there and not reserved. --amount -5 and --amount=-5 take five."],
        options: [
            CommandOption("user-id", "ID", "whose"),
            CommandOption("amount", "N", .number(-1_000_000_000...1_000_000_000), "how many; less than 0 takes"),
            CommandOption("reason", "TEXT", "why, for the statement"),
            CommandOption("idempotency-key", "KEY", "the same key is done once"),
        ]
    ) { call throws(CommandFailure) in
        guard let amount = call.number("amount"), amount != 0 else { throw .misuse("say --amount N, not 0") }
        var body: JSONObject = ["user_id": .string(try user(call)), "amount": .integer(amount)]
        body["reason"] = call.arguments["reason"].map(JSON.string)
        let key = call.arguments["idempotency-key"] ?? PictureOrder.newKey()
        let answer = try call.api().post("/v1/admin/credits/adjust", .object(body), headers: [("Idempotency-Key", key)])
        call.show(answer) {
            ["\(answer.shown("user_id")): \(answer.shown("adjustment")) credits, now \(answer.shown("new_balance"))"]
        }
    }

    private static func user(_ call: Invocation) throws(CommandFailure) -> String {
        guard let id = call.arguments["user-id"] else { throw .misuse("say --user-id ID; 'admin users' lists them") }
        return id
    }

    private static func users(_ call: Invocation) throws(CommandFailure) {
        let arguments = call.arguments
        let answer = try call.api().get(
            "/v1/admin/users",
            [("search", arguments["search"]), ("limit", arguments["limit"]), ("after", arguments["after"])]
        )
        call.show(answer) {
            let rows = answer.list("data").map { user in
                [
                    user.shown("id"), String(user.shown("created").prefix(10)),
                    user["is_admin"]?.bool == true ? "admin" : "",
                    user.shown("email"),
                ]
            }
            let more = answer["has_more"]?.bool == true ? ["more: --after \(rows.last?[0] ?? "")"] : []
            return TextTable.lines([["ID", "SINCE", "", "E-MAIL"]] + rows) + more
        }
    }

    /// An object of objects, as lines of `section name value`.
    private static func sections(_ answer: JSON) -> [String] {
        let rows = (answer.object ?? [:]).flatMap { section in
            (section.value.object ?? [:]).map { member in
                [Shown.line(section.key), Shown.line(member.key), section.value.shown(member.key)]
            }
        }
        return TextTable.lines(rows)
    }

    private static func providers(_ answer: JSON) -> [String] {
        let rows = answer.list("data").flatMap { provider in
            provider.list("models").map { model in
                [
                    "\(provider.shown("id"))/\(model.shown("id"))", provider.shown("enabled"), model.shown("breaker"),
                    model.shown("failures_in_a_row"), model["latency_ms"]?.int.map { "\($0) ms" } ?? "-",
                    "\(provider.shown("in_flight"))/\(provider.shown("max_in_flight"))",
                    "$" + provider.shown("spent_today_usd"),
                ]
            }
        }
        let missing = answer.list("left_out").map { "\($0.shown("id")) is left out: \($0.shown("missing")) is not set" }
        let head = ["MODEL", "ENABLED", "BREAKER", "FAILURES", "LATENCY", "CALLS", "PROVIDER TODAY"]
        return TextTable.lines([head] + rows) + missing
    }
}
