internal import CommandLineInterface
private import Glibc
internal import Orchestrator

/// One order of pictures, from the estimate to the files.
struct PictureOrder {
    let call: Invocation
    let api: API
    let path: String
    let fields: JSONObject
    /// Files that go along as a form; without any the request is JSON.
    var uploads: [HTTPRequest.FormPart] = []
    let progress: Progress

    private static let mostTries = 4
    private static let usualPatience = 900

    init(_ call: Invocation, _ api: API, _ path: String, _ fields: JSONObject, isQuiet: Bool = false) {
        self.call = call
        self.api = api
        self.path = path
        self.fields = fields
        progress = Progress(isQuiet: isQuiet)
    }

    /// Shows what there is and what it may cost, orders, waits, and hands over what was made.
    func run(references: Int = 0) throws(CommandFailure) {
        let wallet = try Wallet(api)
        if let wallet {
            // The estimate takes pictures as a number, and a mask as a flag.
            var question = fields
            question.remove("images")
            question.remove("mask")
            if fields["mask"] != nil || uploads.contains(where: { $0.name == "mask" }) { question["mask"] = true }
            if path != GenerateCommand.path { question["is_edit"] = true }
            if references > 0 { question["references"] = .integer(references) }
            try wallet.check(question, api)
        }
        let accepted = try submit(key: call.arguments["idempotency-key"] ?? Self.newKey())
        guard let id = accepted["id"]?.string else { throw .failure("\(api.url) answered without a job") }
        if call.arguments.has("no-wait") {
            call.show(accepted) { [id] }
            return
        }
        if Terminal.showsErrors { Console.error("job \(id)") }
        let patience = Duration.seconds(call.number("max-wait") ?? Self.usualPatience)
        let job = try JobWatch(api: api, id: id, progress: progress, patience: patience).end()
        try FinishedJob(call: call, api: api, job: job).deliver(hasCredits: wallet != nil)
    }

    /// Sends the order as a job. A connection that breaks off is tried again: the key makes it one job all the same.
    func submit(key: String) throws(CommandFailure) -> JSON {
        let request = request(key: key)
        progress.say("sending")
        defer { progress.clear() }
        var tries = 0
        while true {
            tries += 1
            switch api.outcome(request) {
            case .success(let reply):
                let wait = reply.header("retry-after").flatMap { UInt32($0) }
                // A job that is just being let in elsewhere; anything else is an answer.
                if reply.status == 409, tries < Self.mostTries, let wait, wait <= 5 {
                    sleep(wait)
                    continue
                }
                return try api.json(try api.checked(reply))
            case .failure(let problem):
                guard problem.kind == .brokenOff || problem.kind == .timedOut, tries < Self.mostTries else {
                    throw api.failure(problem)
                }
                sleep(UInt32(tries))
            }
        }
    }

    func request(key: String, isAsync: Bool = true) -> HTTPRequest {
        var headers = [("Idempotency-Key", key)]
        if isAsync { headers.append(("Prefer", "respond-async")) }
        guard !uploads.isEmpty else { return api.request("POST", path, .object(fields), headers) }
        var request = api.request("POST", path)
        request.headers += headers.map { (name: $0.0, value: $0.1) }
        request.timeLimit = nil
        request.silenceLimit = .seconds(60)
        let texts = fields.map { field in
            HTTPRequest.FormPart(name: field.key, bytes: Array((field.value.string ?? field.value.text).utf8))
        }
        request.body = .form(texts + uploads)
        return request
    }

    /// 128 random bits.
    static func newKey() -> String {
        let halves = [UInt64.random(in: .min ... .max), .random(in: .min ... .max)]
        return "ctl-" + halves.map { String($0, radix: 36) }.joined(separator: "-")
    }
}
