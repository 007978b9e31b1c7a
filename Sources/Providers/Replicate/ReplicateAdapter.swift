import Orchestrator

/// Replicate's predictions: one input schema a model, and a handle for every run.
struct ReplicateAdapter: AnnouncingAdapter {
    static let kind = "replicate"
    static let providerKeys: Set<String> = ["wait"]
    static let modelKeys: Set<String> = ["version", "inputs"]

    private let base: BaseURL
    /// How long the vendor may hold the first answer back. None by default: only an answer carries the handle, and work
    /// whose handle is not on record can be neither cancelled nor found again after a crash.
    private let wait: Duration?
    /// What the configuration makes of the models it lists.
    private let models: [String: ReplicateModel]

    init(_ node: ConfigNode) throws(ConfigError) {
        base = try BaseURL(node, standard: "https://api.replicate.com/v1")
        if let setting = node["wait"], !setting.isNull {
            let wait = try setting.duration()
            guard wait >= .seconds(1), wait <= .seconds(60) else { throw setting.error("must be 1s to 60s") }
            self.wait = wait
        } else {
            wait = nil
        }
        var models: [String: ReplicateModel] = [:]
        for entry in node["models"]?.entries ?? [] {
            models[entry.name] = try ReplicateModel(id: entry.name, entry.value)
        }
        self.models = models
    }

    func knownCapabilities(of model: String) -> ModelCapabilities? {
        schema(of: model)?.capabilities
    }

    /// The news is the prediction itself.
    static func work(in news: JSON) -> String? { news["id"]?.string }

    func uploads(for request: ProviderRequest) -> [InputImage] {
        guard schema(of: request.model) != nil else { return [] }
        var digests: Set<String> = []
        return (request.references + [request.mask].compactMap { $0 }).filter { picture in
            DataURI(picture) == nil && digests.insert(picture.digest).inserted
        }
    }

    func encode(_ call: VendorCall) throws(ProviderFailure) -> WireRequest {
        switch call {
        case .upload(let picture):
            return WireRequest(
                .post,
                base.appending("/files"),
                body: .form([FormPart("content", picture)]),
                authentication: .bearer
            )
        case .create(let request, let uploads):
            return try create(request, uploads)
        case .poll(let handle):
            return WireRequest(
                .get,
                own(handle.pollURL, else: handle.id, "/predictions/\(handle.id)"),
                authentication: .bearer
            )
        case .cancel(let handle):
            let path = "/predictions/\(handle.id)/cancel"
            return WireRequest(.post, own(handle.cancelURL, else: handle.id, path), authentication: .bearer)
        case .collect:
            throw .foreignHandle(Self.kind)
        }
    }

    func decode(_ reply: WireReply, to call: VendorCall) throws(ProviderFailure) -> Outcome {
        guard reply.isSuccess else { throw ReplicateFailure(reply, to: call).failure }
        if case .upload = call {
            guard let url = reply.document?["urls"]?["get"]?.string, WebOrigin(of: url) != nil else {
                throw ProviderFailure(.unavailable(.server(mayRepeat: true)), "a file was taken but has no address")
            }
            return .uploaded(url)
        }
        guard let document = reply.document else { throw ProviderFailure(.unusable, "a success without a document") }
        return try ReplicatePrediction(document, base: base).outcome(of: call)
    }

    /// What a model takes: as configured, else as known; nil where neither says anything.
    private func schema(of id: String) -> ReplicateModel? { models[id] ?? ReplicateModel.known[id] }

    private func create(_ request: ProviderRequest, _ uploads: [String: String]) throws(ProviderFailure) -> WireRequest
    {
        let model = schema(of: request.model) ?? ReplicateModel()
        let input = try ReplicateInput(request, model: model, uploads: uploads).fields
        var body = JSONObject()
        let path: String
        if let version = model.version {
            path = "/predictions"
            body["version"] = .string(version)
        } else {
            guard ReplicateModel.isOwnerAndName(request.model) else {
                throw ProviderFailure(.unavailable(.model), "'\(request.model)' is no owner/name")
            }
            path = "/models/\(request.model)/predictions"
        }
        body["input"] = .object(input)
        if let url = request.newsURL {
            body["webhook"] = .string(url)
            body["webhook_events_filter"] = ["completed"]
        }
        var wire = WireRequest(.post, base.appending(path), body: .json(.object(body)), authentication: .bearer)
        let limit = request.timeLimit.components.seconds
        // A caller who is gone for good must not be drawn for; five seconds is the least that the vendor takes.
        wire.headers.append(("cancel-after", "\(max(5, limit))s"))
        if let wait {
            // One second is left for the answer to travel.
            wire.headers.append(("prefer", "wait=\(max(1, min(wait.components.seconds, limit - 1)))"))
        }
        return wire
    }

    /// An address of the vendor's, if it is one to which the credential may go, else our own for the same work.
    private func own(_ url: String?, else id: String, _ path: String) -> String {
        if let url, base.isOrigin(of: url) { return url }
        return base.appending(VendorHandle.isPlain(id) ? path : "/predictions/unknown")
    }
}
