internal import CommandLineInterface
internal import Orchestrator

/// `orchestratorctl gallery`: pictures that are there already.
enum GalleryCommands {
    static let command = Command(
        "gallery",
        "list, look at and look after pictures",
        commands: [
            Command(
                "list",
                "list public pictures, newest first",
                options: paging
            ) { call throws(CommandFailure) in try list(call, Gallery.everybodys(try call.api())) },
            Command(
                "mine",
                "list your own pictures, newest first",
                options: paging
            ) { call throws(CommandFailure) in
                let api = try call.api()
                // Without this the reason why nobody is known would be lost.
                _ = try api.get("/v1/auth/me")
                try list(call, Gallery.mine(api))
            },
            Command(
                "view",
                "tell all about one picture, and show it",
                operands: [image],
                options: [
                    CommandOption("output", short: "o", "DIR", .directory, "write the picture there"),
                    CommandOption("show", "WAY", .choice(PictureWay.names), "draw in the terminal (auto)"),
                ]
            ) { call throws(CommandFailure) in try view(call) },
            Command("delete", "delete one of your pictures for good", operands: [image], options: [yes]) {
                call throws(CommandFailure) in try delete(call)
            },
            Command(
                "visibility",
                "say who may see one of your pictures",
                operands: [image, Operand("WHO", .choice(["public", "private"]))]
            ) { call throws(CommandFailure) in try setVisibility(call) },
            Command(
                "share-all",
                "make all your pictures public, or all of them private",
                operands: [Operand("WHO", .choice(["public", "private"]), isOptional: true)],
                options: [yes]
            ) { call throws(CommandFailure) in try shareAll(call) },
        ]
    )

    private static let image = Operand("ID")
    private static let yes = CommandOption(flag: "yes", short: "y", "do not ask")
    private static let paging = [
        CommandOption("page", short: "p", "N", .number(1...1_000_000), "which page (1)"),
        CommandOption("limit", short: "l", "N", .number(1...100), "pictures a page (20)"),
    ]
    private static let promptWidth = 60

    private static func list(_ call: Invocation, _ gallery: Gallery?) throws(CommandFailure) {
        guard let gallery else { throw .failure("nobody is signed in; 'orchestratorctl auth login' signs in") }
        let page = call.number("page") ?? 1
        let answer = try gallery.page(call.number("limit") ?? 20, page: page, after: nil)
        call.show(answer) {
            let rows = answer.list("data").map { image in
                [
                    image.shown("id"), String(image.shown("created_at").prefix(16)), image.shown("size"),
                    image.shown("model"), image["is_public"]?.bool == true ? "public" : "private",
                    Shown.line(image["prompt"]?.string ?? "", atMost: promptWidth),
                ]
            }
            guard !rows.isEmpty else { return ["no pictures"] }
            let more = answer["has_more"]?.bool == true ? ["more: --page \(page + 1)"] : []
            return TextTable.lines([["ID", "MADE", "SIZE", "MODEL", "", "PROMPT"]] + rows) + more
        }
    }

    private static func view(_ call: Invocation) throws(CommandFailure) {
        let api = try call.api()
        let id = try ImageName(call.operand(0)).resolved(api)
        let image = try api.get("/v1/images/\(API.escaped(id))")
        let way = PictureWay(call)
        var path: String?
        if call.arguments["output"] != nil || way != .none {
            let picture = try FetchedPicture.image(id, api)
            if let directory = call.arguments["output"] { path = try picture.save(in: directory, as: id) }
            TerminalPicture(picture, way).draw()
        }
        var answer = image.object ?? [:]
        if let path { answer["files"] = [.string(path)] }
        call.show(.object(answer)) {
            let names = [
                "id", "prompt", "created_at", "operation", "size", "quality", "output_format", "bytes", "provider",
                "model",
                "cost_usd", "is_public", "provenance", "sha256", "job_id", "url",
            ]
            let rows = names.map { [$0, image.shown($0)] }.filter { !$0[1].isEmpty }
            return TextTable.lines(rows) + (path.map { ["wrote \($0)"] } ?? [])
        }
    }

    private static func delete(_ call: Invocation) throws(CommandFailure) {
        let api = try call.api()
        let id = try ImageName(call.operand(0)).resolved(api)
        try confirmed(call, "delete \(id) for good?")
        let answer = try api.delete("/v1/images/\(API.escaped(id))")
        call.show(answer) { ["deleted \(id)"] }
    }

    private static func setVisibility(_ call: Invocation) throws(CommandFailure) {
        let api = try call.api()
        let id = try ImageName(call.operand(0)).resolved(api)
        let body: JSON = ["is_public": .bool(call.operand(1) == "public")]
        let answer = try api.put("/v1/images/\(API.escaped(id))/visibility", body)
        call.show(answer) { ["\(id) is \(call.operand(1))"] }
    }

    /// One after the other, so that it works with any number; what cannot be changed is told at the end.
    private static func shareAll(_ call: Invocation) throws(CommandFailure) {
        let api = try call.api()
        let who = call.arguments.operands.first ?? "public"
        _ = try api.get("/v1/auth/me")
        guard var gallery = Gallery.mine(api) else { throw .failure("nobody is signed in") }
        try confirmed(call, "make all your pictures \(who)?")
        let progress = Progress()
        var (changed, failed) = (0, [String]())
        while let page = try gallery.next(100) {
            for image in page where image["is_public"]?.bool != (who == "public") {
                let id = image["id"]?.string ?? ""
                let request = api.request(
                    "PUT",
                    "/v1/images/\(API.escaped(id))/visibility",
                    ["is_public": .bool(who == "public")],
                    []
                )
                let reply = try api.reply(request)
                if reply.isSuccess {
                    changed += 1
                } else {
                    failed.append("\(id): \(API.message(of: reply, at: api.url))")
                }
                progress.say("\(changed) changed")
            }
        }
        progress.clear()
        call.show(["changed": .integer(changed), "failed": .integer(failed.count)]) {
            ["\(changed) pictures are now \(who)"]
        }
        for line in failed { Console.error(line) }
        if !failed.isEmpty { throw .ended(ExitCode.failure.rawValue) }
    }

    /// Asks before what cannot be taken back; without a terminal only --yes will do.
    private static func confirmed(_ call: Invocation, _ question: String) throws(CommandFailure) {
        guard !call.arguments.has("yes") else { return }
        guard try Terminal.confirm(question) else { throw .failure("nothing was changed") }
    }
}
