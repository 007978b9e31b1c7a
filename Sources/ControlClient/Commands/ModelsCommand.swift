internal import CommandLineInterface
internal import Orchestrator

/// `orchestratorctl models`.
enum ModelsCommand {
    static let command = Command(
        "models",
        "list what --model takes, with what it can do and costs",
        operands: [Operand("NAME", isOptional: true)],
        options: [CommandOption(flag: "names", "only the names, one a line")]
    ) { call throws(CommandFailure) in
        let api = try call.api()
        if let name = call.arguments.operands.first {
            let path = name.split(separator: "/").map { API.escaped(String($0)) }.joined(separator: "/")
            let model = try api.get("/v1/models/\(path)")
            return call.show(model) { details(model) }
        }
        let answer = try api.get("/v1/models")
        call.show(answer) {
            let models = answer.list("data")
            guard !call.arguments.has("names") else { return models.map { $0.shown("id") } }
            return TextTable.lines([["NAME", "TIERS", "SCORE", "CAN"]] + models.map(row))
        }
    }

    private static func row(_ model: JSON) -> [String] {
        let alias = model.shown("alias_of")
        let operations = model["capabilities"]?.list("operations").compactMap(\.string).joined(separator: ", ") ?? ""
        let retires = model.shown("retires")
        return [
            model.shown("id"), prices(model), model["score"]?.shown("generate") ?? "",
            alias.isEmpty ? operations + (retires.isEmpty ? "" : "; retires \(retires)") : "stands for \(alias)",
        ]
    }

    /// The least of each tier.
    private static func prices(_ model: JSON) -> String {
        let tiers = model["tiers"]?.object ?? [:]
        return tiers.map { tier in
            let cost = tier.value["cost_usd"]
            let amounts = cost?.object?.compactMap { try? MicroUSD(decimal: $0.value.string ?? "") } ?? []
            let least = cost?.string ?? amounts.min().map { "from \($0)" } ?? "?"
            return "\(tier.key) \(least == "tokens" ? least : "$" + Shown.line(least))"
        }.joined(separator: ", ")
    }

    private static func details(_ model: JSON) -> [String] {
        let capabilities = model["capabilities"]?.object ?? [:]
        let rows = [["name", model.shown("id")], ["owned by", model.shown("owned_by")], ["tiers", prices(model)]]
        let more = capabilities.filter { $0.key != "fidelity" }.map { member -> [String] in
            [Shown.line(member.key), Shown.line(member.value.string ?? member.value.text)]
        }
        return TextTable.lines((rows + more).filter { !$0[1].isEmpty && $0[1] != "null" })
    }
}
