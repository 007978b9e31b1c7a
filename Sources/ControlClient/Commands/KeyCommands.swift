internal import CommandLineInterface
internal import Orchestrator

/// `orchestratorctl keys`.
enum KeyCommands {
    static let command = Command(
        "keys",
        "list your keys; create and revoke do more",
        commands: [
            Command("list", "list your keys") { call throws(CommandFailure) in try list(call) },
            Command(
                "create",
                "make a key and print it; it is shown this once",
                options: [
                    CommandOption("name", "NAME", "what lists call it"),
                    CommandOption("scopes", "A,B", "what it is good for; without any, for everything"),
                    CommandOption("expires-at", "TIME", "when it ends, as 2027-01-31T00:00:00Z"),
                    CommandOption("policy", "NAME", "how providers are ranked for it"),
                    CommandOption("spend-per-day", "USD", "what it may spend a day"),
                    CommandOption("rate", "N/UNIT", "how often it may be used, as 10/min"),
                ]
            ) { call throws(CommandFailure) in try create(call) },
            Command("revoke", "end a key", operands: [Operand("ID")]) { call throws(CommandFailure) in
                let answer = try call.api().delete("/v1/keys/\(API.escaped(call.operand(0)))")
                call.show(answer) { ["revoked \(call.operand(0))"] }
            },
        ]
    ) { call throws(CommandFailure) in try list(call) }

    private static func list(_ call: Invocation) throws(CommandFailure) {
        let answer = try call.api().get("/v1/keys")
        call.show(answer) {
            let rows = answer.list("data").map { key -> [String] in
                let state = key.shown("revoked_at").isEmpty ? "" : "revoked"
                let scopes = key.list("scopes").compactMap(\.string).map { Shown.line($0) }.joined(separator: ",")
                return [
                    key.shown("id"), key.shown("prefix") + "…", String(key.shown("created").prefix(10)), state,
                    scopes.isEmpty ? "all" : scopes, key.shown("name"),
                ]
            }
            return TextTable.lines([["ID", "KEY", "MADE", "", "SCOPES", "NAME"]] + rows)
        }
    }

    private static func create(_ call: Invocation) throws(CommandFailure) {
        let arguments = call.arguments
        var body: JSONObject = [:]
        body["scopes"] = arguments["scopes"].map { .array($0.split(separator: ",").map { .string(String($0)) }) }
        for (option, field) in [
            ("name", "name"), ("expires-at", "expires_at"), ("policy", "policy"), ("spend-per-day", "spend_per_day"),
            ("rate", "rate"),
        ] {
            body[field] = arguments[option].map(JSON.string)
        }
        let answer = try call.api().post(
            "/v1/keys",
            .object(body),
            headers: [("Idempotency-Key", PictureOrder.newKey())]
        )
        call.show(answer) { [answer.shown("key")] }
        if !call.isJSON { Console.error("key \(answer.shown("id")); it is shown this once") }
    }
}
