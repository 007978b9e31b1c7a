internal import CommandLineInterface
internal import Orchestrator

/// `orchestratorctl jobs`.
enum JobCommands {
    static let command = Command(
        "jobs",
        "list, show, await and cancel jobs",
        commands: [
            Command(
                "list",
                "list your jobs, newest first",
                options: [
                    CommandOption("limit", short: "l", "N", .number(1...100), "how many (20)"),
                    CommandOption("after", "ID", "those before this one"),
                    CommandOption(
                        "status",
                        "NAME",
                        .choice(["queued", "running", "succeeded", "failed", "canceled"]),
                        "only these"
                    ),
                    CommandOption("model", short: "m", "NAME", "only those of this model"),
                ]
            ) { call throws(CommandFailure) in try list(call) },
            Command("show", "tell all about one job", operands: [Operand("ID")]) { call throws(CommandFailure) in
                let job = try call.api().get("/v1/jobs/\(API.escaped(call.operand(0)))")
                call.show(job) { words(job) }
            },
            Command(
                "wait",
                "wait for a job's end, and take its pictures",
                details: ["Exit code 0 only when the job has succeeded."],
                operands: [Operand("ID")],
                options: [
                    CommandOption("output", short: "o", "DIR", .directory, "write the pictures there"),
                    CommandOption("show", "WAY", .choice(PictureWay.names), "draw in the terminal (auto)"),
                    CommandOption("max-wait", "SECONDS", .number(1...86_400), "so long (900)"),
                ]
            ) { call throws(CommandFailure) in try wait(call) },
            Command("cancel", "cancel a job", operands: [Operand("ID")]) { call throws(CommandFailure) in
                let job = try call.api().post("/v1/jobs/\(API.escaped(call.operand(0)))/cancel")
                call.show(job) { ["job \(job.shown("id")): \(job.shown("status"))"] }
            },
        ]
    )

    private static func list(_ call: Invocation) throws(CommandFailure) {
        let arguments = call.arguments
        let answer = try call.api().get(
            "/v1/jobs",
            [
                ("limit", arguments["limit"]), ("after", arguments["after"]), ("status", arguments["status"]),
                ("model", arguments["model"]),
            ]
        )
        call.show(answer) {
            let rows = answer.list("data").map { job in
                [
                    job.shown("id"), String(job.shown("created").prefix(16)), job.shown("operation"),
                    job.shown("status"),
                    "\(job.list("images").count)", "$" + job.shown("cost_usd"),
                    Shown.line(job["request"]?["prompt"]?.string ?? "", atMost: 50),
                ]
            }
            guard !rows.isEmpty else { return ["no jobs"] }
            let more = answer["has_more"]?.bool == true ? ["more: --after \(rows[rows.count - 1][0])"] : []
            return TextTable.lines([["ID", "MADE", "OPERATION", "STATUS", "PICTURES", "COST", "PROMPT"]] + rows) + more
        }
    }

    private static func words(_ job: JSON) -> [String] {
        let names = ["id", "operation", "status", "created", "started", "finished", "policy", "cost_usd"]
        let prompt = ["prompt", Shown.line(job["request"]?["prompt"]?.string ?? "")]
        var lines = TextTable.lines((names.map { [$0, job.shown($0)] } + [prompt]).filter { !$0[1].isEmpty })
        let attempts = job.list("attempts").map { attempt in
            ["n", "provider", "model", "ms", "outcome", "error", "cost_usd"].map { attempt.shown($0) }
        }
        if !attempts.isEmpty {
            lines +=
                [""] + TextTable.lines([["TRY", "PROVIDER", "MODEL", "MS", "OUTCOME", "ERROR", "COST"]] + attempts)
        }
        lines += job.list("images").map { "\($0.shown("size"))  \($0.shown("url"))" }
        if let error = job["error"], !error.isNull { lines.append(FinishedJob.reason(of: job)) }
        return lines
    }

    private static func wait(_ call: Invocation) throws(CommandFailure) {
        let (api, id) = (try call.api(), call.operand(0))
        // A job that is not there is told at once.
        let first = try api.get("/v1/jobs/\(API.escaped(id))")
        let patience = Duration.seconds(call.number("max-wait") ?? 900)
        let job =
            JobWatch.isFinal(first)
            ? first : try JobWatch(api: api, id: id, progress: Progress(), patience: patience).end()
        try FinishedJob(call: call, api: api, job: job).deliver(hasCredits: job["credits"]?["charged"]?.int ?? 0 > 0)
    }
}
