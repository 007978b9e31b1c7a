internal import CommandLineInterface
internal import Orchestrator

/// An order whose early views are drawn as they come.
struct PreviewedOrder {
    let order: PictureOrder
    let count: Int

    func run() throws(CommandFailure) {
        let (call, api) = (order.call, order.api)
        let wallet = try Wallet(api)
        try wallet?.check(order.fields, api)
        var fields = order.fields
        fields["stream"] = true
        fields["partial_images"] = .integer(count)
        let way = PictureWay(call)
        var request = PictureOrder(call, api, order.path, fields)
            .request(key: call.arguments["idempotency-key"] ?? PictureOrder.newKey(), isAsync: false)
        // The events come before there is a job to wait for, as long as the vendor takes.
        request.timeLimit = .seconds(call.number("max-wait") ?? 900)
        let progress = order.progress
        request.onTick = { progress.tick() }
        progress.say("making the picture")
        var reader = EventReader()
        var (early, problem) = ([JSON](), String?.none)
        request.onBytes = { bytes in
            for event in reader.events(in: bytes) {
                if event.name.hasSuffix(".partial_image") {
                    early.append(event.data)
                    progress.say("early view \(early.count)")
                    if let view = Self.picture(event.data) { TerminalPicture(view, way).drawEarly(progress) }
                } else if event.name == "error" {
                    problem = event.data["error"]?.shown("message") ?? "the stream ended with an error"
                }
            }
            return true
        }
        let reply = try api.checked(try api.reply(request))
        progress.clear()
        guard let id = reply.header("x-job-id") else { throw .failure(problem ?? "\(api.url) answered without a job") }
        let job = try api.get("/v1/jobs/\(API.escaped(id))")
        try FinishedJob(call: call, api: api, job: job).deliver(hasCredits: wallet != nil)
    }

    private static func picture(_ event: JSON) -> FetchedPicture? {
        guard let text = event["b64_json"]?.string, let bytes = try? Base64.decode(Array(text.utf8).span) else {
            return nil
        }
        return try? FetchedPicture(bytes, called: "an early view")
    }
}
