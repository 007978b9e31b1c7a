internal import CommandLineInterface
internal import Orchestrator

/// A job that has ended, and what its owner gets of it.
struct FinishedJob {
    let call: Invocation
    let api: API
    let job: JSON

    /// Prints links, writes files, draws pictures, and says what it cost; throws where the job made nothing.
    func deliver(hasCredits: Bool) throws(CommandFailure) {
        let images = job.list("images")
        guard job["status"]?.string == "succeeded" else {
            if call.isJSON { Console.out(job.text) }
            throw .failure(Self.reason(of: job))
        }
        try setVisibility(of: images)
        var shownJob = job.object ?? [:]
        var files: [JSON] = []
        let way = PictureWay(call)
        for image in images {
            let id = image["id"]?.string ?? ""
            if !call.isJSON { Console.out(image.shown("url")) }
            guard call.arguments["output"] != nil || way != .none else { continue }
            let picture = try FetchedPicture.image(id, api)
            if let directory = call.arguments["output"] {
                let path = try picture.save(in: directory, as: id)
                files.append(.string(path))
                if !call.isJSON { Console.out("wrote \(path)") }
            }
            TerminalPicture(picture, way).draw()
        }
        if !files.isEmpty { shownJob["files"] = .array(files) }
        call.show(.object(shownJob)) { [Self.summary(of: job, hasCredits: hasCredits)] }
        for change in job.list("adapted") {
            let (field, given, asked) = (change.shown("field"), change.shown("given"), change.shown("asked"))
            let what = given == asked ? given : "\(given) instead of \(asked)"
            Console.error("\(field): \(what): \(change.shown("why"))")
        }
    }

    private func setVisibility(of images: [JSON]) throws(CommandFailure) {
        guard call.arguments.has("private") || call.arguments.has("public") else { return }
        for image in images {
            let id = API.escaped(image["id"]?.string ?? "")
            _ = try api.put("/v1/images/\(id)/visibility", ["is_public": .bool(call.arguments.has("public"))])
        }
    }

    static func reason(of job: JSON) -> String {
        let error = job["error"]
        let text = error?.shown("message") ?? ""
        let code = error?.shown("code") ?? ""
        let ended = job["status"]?.string == "canceled" ? "was canceled" : "failed"
        return "job \(job.shown("id")) \(ended)" + (text.isEmpty ? "" : ": \(text)")
            + (code.isEmpty ? "" : " (\(code))")
    }

    /// How many, by whom, for how much.
    static func summary(of job: JSON, hasCredits: Bool) -> String {
        let images = job.list("images")
        var makers: [String] = []
        for image in images {
            let name = "\(image.shown("provider"))/\(image.shown("model"))"
            if !makers.contains(name) { makers.append(name) }
        }
        var text = images.count == 1 ? "1 picture" : "\(images.count) pictures"
        let missing = job.list("missing").count
        if missing > 0 { text += ", \(missing) could not be made" }
        text += " by \(makers.joined(separator: ", ")), $\(job.shown("cost_usd"))"
        if hasCredits { text += ", \(job["credits"]?.shown("charged") ?? "0") credits used" }
        return text
    }
}
