internal import CommandLineInterface
internal import Orchestrator

/// `orchestratorctl config` and `settings`: what this program remembers.
enum ConfigCommands {
    static let command = Command(
        "config",
        "show the settings, whether the server answers, and who you are there",
        commands: [
            Command("path", "print where the settings are") { call throws(CommandFailure) in
                Console.out(try call.settings().file.path)
            },
            Command(
                "set",
                "keep a setting",
                operands: [Operand("NAME", .choice(["api-url", "model"])), Operand("VALUE")]
            ) { call throws(CommandFailure) in try set(call, call.operand(1)) },
            Command(
                "unset",
                "forget a setting",
                operands: [Operand("NAME", .choice(["api-url", "model"]))]
            ) { call throws(CommandFailure) in try set(call, nil) },
        ]
    ) { call throws(CommandFailure) in try show(call) }

    static let settings = Command(
        "settings",
        "keep what you prefer",
        commands: [
            Command(
                "model",
                "keep the model that 'generate' takes when none is named; without a name, print it",
                operands: [Operand("NAME", isOptional: true)],
                options: [CommandOption(flag: "unset", "take none")]
            ) { call throws(CommandFailure) in try model(call) }
        ]
    )

    private static func show(_ call: Invocation) throws(CommandFailure) {
        let settings = try call.settings()
        let api = try API(
            url: settings.apiURL,
            key: settings.apiKey,
            signer: settings.signer,
            timeout: settings.timeout
        )
        let health = try? api.reply(api.request("GET", "/health"))
        let me = settings.apiKey == nil ? nil : try? api.get("/v1/auth/me")
        let status = health.map { $0.isSuccess ? "answers" : "answers \($0.status)" } ?? "cannot be reached"
        let isSignedIn = me?["email"]?.string != nil
        let body: JSON = [
            "file": .string(settings.file.path), "api_url": .string(settings.apiURL),
            "api_url_from": .string(settings.urlOrigin.rawValue), "status": .string(status),
            "api_key": settings.apiKey.map { .string(Settings.masked($0.reveal())) } ?? .null,
            "api_key_from": settings.apiKey == nil ? .null : .string(settings.keyOrigin.rawValue),
            "user": me ?? .null, "model": settings.file[.model].map(JSON.string) ?? .null,
        ]
        call.show(body) {
            var rows = [
                ["file", settings.file.path], ["server", "\(settings.apiURL) (\(settings.urlOrigin.rawValue))"],
                ["status", status],
            ]
            if let key = settings.apiKey {
                rows.append(["key", "\(Settings.masked(key.reveal())) (\(settings.keyOrigin.rawValue))"])
            }
            rows.append([
                "user", isSignedIn ? me?.shown("email") ?? "" : settings.apiKey == nil ? "not signed in" : "unknown",
            ])
            if let model = settings.file[.model] { rows.append(["model", Shown.line(model)]) }
            return TextTable.lines(rows)
        }
        if settings.file[.apiKey] != nil, settings.file.isOpenToOthers {
            Console.error("warning: others may read \(settings.file.path), which has a key: chmod 600 it")
        }
    }

    private static func set(_ call: Invocation, _ value: String?) throws(CommandFailure) {
        var file = try call.settings().file
        if call.operand(0) == "model" {
            file[.model] = value
        } else {
            let address = try value.map { text throws(CommandFailure) in try Settings.normalized(text) }
            // A key belongs to the server that gave it.
            if file[.apiKey] != nil, address != file[.apiURL] {
                throw .failure("you are signed in to \(file[.apiURL] ?? "another server"): 'auth logout' first")
            }
            file[.apiURL] = address
        }
        try file.save()
    }

    private static func model(_ call: Invocation) throws(CommandFailure) {
        var file = try call.settings().file
        if let name = call.arguments.operands.first {
            // A name with a mistake in it would be found much later.
            _ = try call.api().get(
                "/v1/models/\(name.split(separator: "/").map { API.escaped(String($0)) }.joined(separator: "/"))"
            )
            file[.model] = name
            try file.save()
        } else if call.arguments.has("unset") {
            file[.model] = nil
            try file.save()
        }
        call.show(["model": file[.model].map(JSON.string) ?? .null]) { [Shown.line(file[.model] ?? "none")] }
    }
}
