internal import CommandLineInterface
internal import Orchestrator

/// `orchestratorctl explain`: who would serve a request, at what price; no vendor is called.
enum ExplainCommand {
    static let command = Command(
        "explain",
        "show who would make a picture, at what price, and who not and why",
        details: ["Nothing is made and nothing is charged. Exit code 1 when nobody can serve the request."],
        operands: [Operand("PROMPT", isOptional: true)],
        options: PictureOptions.shape + PictureOptions.route + PictureOptions.more + [
            PictureOptions.fidelity,
            CommandOption("references", "N", .number(0...16), "as if so many pictures came along (0)"),
            CommandOption(flag: "mask", "as if a mask came along"),
        ]
    ) { call throws(CommandFailure) in try run(call) }

    private static func run(_ call: Invocation) throws(CommandFailure) {
        try PictureOptions.check(call)
        var fields = PictureOptions.fields(call, try call.settings())
        fields["prompt"] = .string(
            try call.arguments.operands.first.map { given throws(CommandFailure) in
                try GenerateCommand.prompt(given)
            } ?? "a picture"
        )
        fields["references"] = call.number("references").map { .integer($0) }
        if call.arguments.has("mask") { fields["mask"] = true }
        let plan = try call.api().post("/v1/routes/explain", .object(fields))
        call.show(plan) { words(plan) }
        if plan.list("candidates").isEmpty { throw .ended(ExitCode.failure.rawValue) }
    }

    private static func words(_ plan: JSON) -> [String] {
        let rows = plan.list("candidates").enumerated().map { index, candidate in
            let latency = candidate["latency_ms"]?.int.map { "\($0) ms" } ?? "-"
            let score = candidate.shown("score")
            return [
                "\(index + 1)", "\(candidate.shown("provider"))/\(candidate.shown("model"))", candidate.shown("tier"),
                "$" + candidate.shown("cost_usd"), score.isEmpty ? "-" : score, latency,
            ]
        }
        var lines = ["policy \(plan.shown("policy"))"]
        lines +=
            rows.isEmpty
            ? ["nobody can serve this"] : TextTable.lines([["", "MODEL", "TIER", "COST", "SCORE", "LATENCY"]] + rows)
        if let credits = plan["credits"]?.int, credits > 0 { lines.append("at most \(credits) credits") }
        let excluded = plan.list("excluded")
        guard !excluded.isEmpty else { return lines }
        return lines + ["not considered:"] + excluded.map { "  \($0.shown("reason")) [\($0.shown("constraint"))]" }
    }
}
