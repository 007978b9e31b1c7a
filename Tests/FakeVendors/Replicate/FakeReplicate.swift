import Orchestrator

/// Replicate's API under `/v1`: predictions by model and by version, their polls and cancels, and uploaded files.
package final class FakeReplicate: FakeVendor {
    private struct Upload {
        var name: String
        var type: String
        var bytes: [UInt8]
    }

    private struct State {
        var predictions: [String: ReplicatePrediction] = [:]
        var uploads: [String: Upload] = [:]
        var base = "https://api.replicate.com/v1"
    }

    package let key: String
    /// What its news is signed with.
    package let webhookSecret = "whsec_" + Base64.encode(Array(uniqueHex(24).utf8))
    /// Every piece of news that was sent, with the receiver's status; 0 where nobody answered.
    package let announcements = Watched<[(id: String, event: String, status: Int)]>([])
    package let books = VendorBooks()
    package let delivery = DeliveryHost()
    package let documentedFailures: [Failure] = [
        .badRequest, .badKey, .insufficientQuota, .modelGone, .versionGone, .rateLimited, .server, .overloaded,
        .runFailed, .runOutOfMemory, .runSensitive, .runNSFW, .runCanceled, .runAborted,
    ]
    private let uploadLimit: Int
    private let state = Lock(State())

    /// `uploadLimit` is in bytes; tests may shrink it rather than send so much.
    package init(key: String = "r8_" + uniqueHex(37), uploadLimit: Int = 100_000_000) {
        self.key = key
        self.uploadLimit = uploadLimit
    }

    package var commonHeaders: [(name: String, value: String)] {
        [("ratelimit-remaining", "599"), ("ratelimit-reset", "1")]
    }

    package func resetState() {
        state.withLock {
            $0.predictions = [:]
            $0.uploads = [:]
        }
        delivery.reset()
    }

    func serve(at base: String) {
        state.withLock { $0.base = base }
    }

    /// The runs that were canceled, by id.
    package var canceledPredictions: [String] {
        state.withLock { $0.predictions.values.filter { $0.status == .canceled }.map(\.id).sorted() }
    }

    /// Deletes inputs and outputs of all runs, as happens an hour after each.
    package func removeData() {
        state.withLock { state in
            for id in state.predictions.keys { state.predictions[id]?.isRemoved = true }
        }
    }

    /// The bytes behind an image input: a data URL, or a link to an uploaded file.
    package func received(_ link: String) -> [UInt8]? {
        if let data = DataURL(link) { return data.bytes }
        return state.withLock { state in
            guard link.hasPrefix("\(state.base)/files/") else { return nil }
            return state.uploads[String(link.dropFirst(state.base.count + 7))]?.bytes
        }
    }

    package func respond(to request: FakeRequest, as call: Int) throws(Refusal) -> FakeReply {
        let path = request.path.split(separator: "/").map(String.init)
        let isCreate = request.method == "POST" && path.last == "predictions"
        books.note(call) { $0.isCreate = isCreate }
        try authenticate(request)
        guard path.first == "v1" else { throw notFound() }
        switch (request.method, path.count, path.dropFirst().first) {
        case ("POST", 5, "models") where isCreate:
            let body = try jsonObject(request)
            guard let model = ReplicateModel.all["\(path[2])/\(path[3])"] else { throw notFound() }
            return try create(model, body, request, call: call)
        case ("POST", 2, "predictions"):
            var body = try jsonObject(request)
            return try create(try version(&body), body, request, call: call)
        case ("GET", 3, "predictions"): return try poll(path[2])
        case ("POST", 4, "predictions") where path[3] == "cancel": return try cancel(path[2])
        case ("POST", 2, "files"): return try upload(request)
        case ("GET", 3, "files"): return try describeFile(path[2])
        case ("DELETE", 3, "files"):
            guard state.withLock({ $0.uploads.removeValue(forKey: path[2]) }) != nil else { throw notFound() }
            return FakeReply(204)
        case ("GET", 4, "webhooks") where path[2] == "default" && path[3] == "secret":
            return .json(200, ["key": .string(webhookSecret)])
        case ("GET", 2, "account"): return .json(200, ["type": "organization", "username": "fake", "name": "fake"])
        default: throw notFound()
        }
    }

    private func authenticate(_ request: FakeRequest) throws(Refusal) {
        guard let given = request.header("authorization") else {
            throw .replicate(401, "Unauthenticated", "You did not pass an authentication token")
        }
        guard ["Bearer \(key)", "Token \(key)"].contains(given) else {
            throw .replicate(401, "Unauthenticated", "You did not pass a valid authentication token")
        }
    }

    private func notFound() -> Refusal {
        .replicate(404, nil, "The requested resource could not be found.")
    }

    private func jsonObject(_ request: FakeRequest) throws(Refusal) -> JSONObject {
        guard request.mediaType == "application/json", let object = (try? JSON(parsing: request.body))?.object else {
            throw .replicate(400, "Bad request", "The request body must be a JSON object.")
        }
        return object
    }

    // MARK: Creating

    private func version(_ body: inout JSONObject) throws(Refusal) -> ReplicateModel {
        guard let text = body.remove("version")?.string else {
            throw invalidInput([.init(type: "required", field: "", description: "version is required")])
        }
        guard let model = ReplicateModel.version(text) else {
            throw .replicate(
                422,
                "Invalid version or not permitted",
                "The specified version does not exist (or perhaps you don't have permission to use it?)"
            )
        }
        return model
    }

    private func invalidInput(_ complaints: [ReplicateModel.Complaint]) -> Refusal {
        let detail = complaints.map { "- \($0.field.isEmpty ? "" : $0.field + ": ")\($0.description)\n" }.joined()
        return .replicate(422, "Input validation failed", detail, fields: complaints)
    }

    /// Checks the members beside `input`.
    private func checkEnvelope(_ body: JSONObject) throws(Refusal) -> JSONObject {
        for name in body.keys where !["input", "webhook", "webhook_events_filter", "stream"].contains(name) {
            let description = "Additional property \(name) is not allowed"
            throw invalidInput([.init(type: "additional_property_not_allowed", field: name, description: description)])
        }
        let complaints = ReplicateSubscription.complaints(body)
        guard complaints.isEmpty else { throw invalidInput(complaints) }
        guard let input = body["input"] else {
            throw invalidInput([.init(type: "required", field: "", description: "input is required")])
        }
        guard let object = input.object else {
            throw invalidInput([
                .init(type: "invalid_type", field: "input", description: "Invalid type. Expected: object")
            ])
        }
        return object
    }

    private func create(
        _ model: ReplicateModel,
        _ body: JSONObject,
        _ request: FakeRequest,
        call: Int
    ) throws(Refusal) -> FakeReply {
        let input = try checkEnvelope(body)
        let complaints = model.complaints(input)
        guard complaints.isEmpty else { throw invalidInput(complaints) }
        var pictures: [ImageFacts] = []
        for link in model.links(input) {
            if let picture = try inspect(link) { pictures.append(picture) }
        }
        let directives = try ReplicateDirectives(request)
        let asked = input["num_outputs"]?.int ?? input["number_of_images"]?.int ?? 1
        let step = books.nextStep()
        let prediction = ReplicatePrediction(
            id: uniqueHex(26),
            call: call,
            model: model,
            input: input,
            step: step,
            count: min(asked, step.pictureCount ?? asked),
            inputPictures: pictures,
            deadline: directives.deadline,
            base: state.withLock { $0.base },
            subscription: ReplicateSubscription(body)
        )
        let cost = cost(prediction)
        if !step.failsInsideRun, let reply = misconduct(step, call: call, costMicroUSD: cost) { return reply }
        state.withLock { $0.predictions[prediction.id] = prediction }
        announce("start", prediction)
        // Waiting lasts until the run is over, unless the script gives it polls to come.
        let isDone = directives.wait != nil && step.startingPolls + step.processingPolls == 0
        let shown = isDone ? advance(prediction.id) ?? prediction : prediction
        return damaged(.json(directives.wait == nil || isDone ? 201 : 202, shown.json), step)
    }

    /// Looks into a picture that is sent along or was uploaded; a link to elsewhere is taken as it is.
    private func inspect(_ link: String) throws(Refusal) -> ImageFacts? {
        let isHere = state.withLock { link.hasPrefix("\($0.base)/files/") }
        guard link.hasPrefix("data:") || isHere else { return nil }
        guard let bytes = received(link), let facts = try? ImageInspector.facts(of: bytes) else {
            throw invalidInput([.init(type: "format", field: "input", description: "not a readable picture")])
        }
        return facts
    }

    // MARK: Running

    /// Looks at a run once more, which moves it on; nil if there is none.
    private func advance(_ id: String) -> ReplicatePrediction? {
        let found = state.withLock { state -> ReplicatePrediction? in
            state.predictions[id]?.polls += 1
            return state.predictions[id]
        }
        guard let found, !found.status.isFinal else { return found }
        return move(found, to: found.dueStatus)
    }

    /// Ends every run that goes on, as time does, and sends the news of it; the runs' ids.
    @discardableResult
    package func finishRuns() -> [String] {
        let running = state.withLock { $0.predictions.values.filter { !$0.status.isFinal } }
        return running.map { prediction in
            var prediction = prediction
            prediction.polls = 1 << 40
            return move(prediction, to: prediction.dueStatus).id
        }
    }

    /// The ids of all runs, oldest first.
    package var predictions: [String] {
        state.withLock { $0.predictions.values.sorted { $0.call < $1.call }.map(\.id) }
    }

    private func move(_ found: ReplicatePrediction, to status: ReplicatePrediction.Status) -> ReplicatePrediction {
        var prediction = found
        prediction.status = status
        let step = prediction.step
        if prediction.status == .succeeded {
            books.charge(prediction.call, step.isCharged ?? true ? cost(prediction) : 0)
            prediction.output = output(prediction)
        } else if prediction.status.isFinal {
            books.charge(prediction.call, step.isCharged ?? false ? cost(prediction) : 0)
            if case .fail(let failure) = step.conduct { prediction.error = runError(failure, step) }
        }
        let done = prediction
        state.withLock { $0.predictions[done.id] = done }
        if done.status.isFinal { announce("completed", done) }
        return done
    }

    /// Sends news to who asked for it, from a thread of its own.
    private func announce(_ event: String, _ prediction: ReplicatePrediction) {
        guard let subscription = prediction.subscription, subscription.events.contains(event) else { return }
        let news = subscription.call(prediction.json, secret: webhookSecret)
        let announcements = announcements
        WorkerThread {
            let status = (try? news?.client.blockingRaw(news?.bytes ?? []).status) ?? 0
            announcements.change { $0.append((prediction.id, event, status)) }
        }.detach()
    }

    private func cost(_ prediction: ReplicatePrediction) -> Int {
        prediction.model.costMicroUSD(prediction.input, count: prediction.count, sent: prediction.inputPictures)
    }

    private func output(_ prediction: ReplicatePrediction) -> JSON {
        let step = prediction.step
        let format = prediction.model.format(prediction.input)
        let (width, height) = prediction.model.size(prediction.input, inputPicture: prediction.inputPictures.last)
        var isList = prediction.model.isListOutput
        var isData = false
        switch step.output {
        case .ofModel: break
        case .string: isList = false
        case .list: isList = true
        case .dataURI: isData = true
        }
        let links = (0..<prediction.count).map { _ -> JSON in
            let bytes = books.draw(format, width: width, height: height, by: step)
            if isData { return .string(DataURL(mediaType: format.mediaType, bytes: bytes).text) }
            let published = step.isOutputDead ? nil : bytes
            return .string(
                delivery.publish(published, type: format.mediaType, fileExtension: format.fileExtension)
            )
        }
        return isList ? .array(links) : links.first ?? .null
    }

    private func poll(_ id: String) throws(Refusal) -> FakeReply {
        guard let prediction = advance(id) else { throw notFound() }
        if prediction.polls <= prediction.step.failingPolls { return reply(for: .server, step: prediction.step) }
        return .json(200, prediction.json)
    }

    private func cancel(_ id: String) throws(Refusal) -> FakeReply {
        let found = state.withLock { state -> ReplicatePrediction? in
            guard let prediction = state.predictions[id] else { return nil }
            if !prediction.status.isFinal { state.predictions[id]?.status = .canceled }
            return state.predictions[id]
        }
        guard let found else { throw notFound() }
        return .json(200, found.json)
    }

    // MARK: Files

    private func upload(_ request: FakeRequest) throws(Refusal) -> FakeReply {
        guard request.mediaType == "multipart/form-data",
            let form = try? FormBody(parsing: request.body, contentType: request.header("content-type") ?? "")
        else { throw .replicate(400, "Bad request", "multipart/form-data is required") }
        for part in form.parts where !["content", "filename", "type", "metadata"].contains(part.name) {
            throw .replicate(400, "Bad request", "unknown field \(part.name)")
        }
        guard let content = form.file("content") else { throw .replicate(400, "Bad request", "content is required") }
        let name = form.text("filename") ?? content.fileName ?? ""
        guard name.utf8.count <= 255 else { throw .replicate(400, "Bad request", "filename is too long") }
        guard content.bytes.count < uploadLimit else {
            throw .replicate(413, "Payload too large", "Files must be less than 100MB in size")
        }
        let id = uniqueHex(32)
        let type = form.text("type") ?? content.contentType ?? "application/octet-stream"
        state.withLock { $0.uploads[id] = Upload(name: name, type: type, bytes: content.bytes) }
        var reply = try describeFile(id)
        reply.status = 201
        return reply
    }

    private func describeFile(_ id: String) throws(Refusal) -> FakeReply {
        let (found, base) = state.withLock { ($0.uploads[id], $0.base) }
        guard let found else { throw notFound() }
        return .json(
            200,
            [
                "id": .string(id), "name": .string(found.name), "content_type": .string(found.type),
                "size": JSON(found.bytes.count), "checksums": ["sha256": .string(SHA256.hex(found.bytes))],
                "metadata": [:], "created_at": "2026-11-21T08:00:00.123Z", "expires_at": "2026-11-21T09:00:00.123Z",
                "urls": ["get": .string("\(base)/files/\(id)")],
            ]
        )
    }
}
