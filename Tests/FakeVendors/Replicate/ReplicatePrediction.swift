import Orchestrator

/// One run, from the call that created it to its end.
struct ReplicatePrediction: Sendable {
    enum Status: String, Sendable {
        case starting, processing, succeeded, failed, canceled, aborted

        var isFinal: Bool { self != .starting && self != .processing }
    }

    let id: String
    let call: Int
    let model: ReplicateModel
    let input: JSONObject
    let step: Step
    let count: Int
    /// Those of the pictures sent along whose bytes are here.
    let inputPictures: [ImageFacts]
    /// `Cancel-After`, in seconds.
    let deadline: Double?
    /// The API's address, for its links.
    let base: String
    /// Where its news goes, and which.
    let subscription: ReplicateSubscription?

    var polls = 0
    var status = Status.starting
    var output = JSON.null
    var error = JSON.null
    /// Input and output are deleted after an hour.
    var isRemoved = false

    /// Where the run stands after another look at it.
    var dueStatus: Status {
        guard !status.isFinal else { return status }
        if polls <= step.startingPolls { return .starting }
        if polls <= step.startingPolls + step.processingPolls { return .processing }
        guard case .fail(let failure) = step.conduct else { return .succeeded }
        return switch failure {
        case .runCanceled: .canceled
        case .runAborted: .aborted
        default: .failed
        }
    }

    var json: JSON {
        var body: JSONObject = [
            "id": .string(id), "model": .string(model.name), "version": .string(model.version ?? "hidden"),
            "input": isRemoved ? [:] : .object(input), "logs": "", "output": isRemoved ? nil : output,
            "data_removed": .bool(isRemoved), "error": error, "source": "api", "status": .string(status.rawValue),
            "created_at": "2026-11-21T08:00:00.123Z",
            "urls": [
                "web": .string("https://replicate.com/p/\(id)"), "get": .string("\(base)/predictions/\(id)"),
                "cancel": .string("\(base)/predictions/\(id)/cancel"),
            ],
        ]
        if status != .starting { body["started_at"] = "2026-11-21T08:00:00.456Z" }
        if status.isFinal {
            body["completed_at"] = "2026-11-21T08:00:02.789Z"
            body["metrics"] = ["predict_time": JSON(2.333), "total_time": JSON(2.666), "image_count": JSON(count)]
        }
        if deadline != nil { body["deadline"] = "2026-11-21T08:05:00.000Z" }
        return .object(body)
    }
}

/// The request headers that steer a run.
struct ReplicateDirectives {
    /// Seconds, from `Prefer`.
    var wait: Int?
    /// Seconds, from `Cancel-After`.
    var deadline: Double?

    init(_ request: FakeRequest) throws(Refusal) {
        if let prefer = request.header("prefer") {
            guard prefer.hasPrefix("wait") else { throw .replicate(400, "Bad request", "Prefer: unknown preference") }
            let rest = prefer.dropFirst(4)
            wait = rest.isEmpty ? 60 : rest.hasPrefix("=") ? Int(rest.dropFirst()) : nil
            guard let wait, (1...60).contains(wait) else {
                throw .replicate(400, "Bad request", "Prefer: wait must be between 1 and 60 seconds")
            }
        }
        if let text = request.header("cancel-after") {
            guard let seconds = ReplicateDirectives.duration(text), seconds >= 5 else {
                throw .replicate(400, "Bad request", "Cancel-After: must be a duration of at least 5 seconds")
            }
            deadline = seconds
        }
    }

    /// Reads `90s`, `5m`, `1h30m45s`.
    private static func duration(_ text: String) -> Double? {
        var total = 0.0
        var number = ""
        var units: [Character] = ["h", "m", "s"]
        for letter in text {
            if letter.isNumber || letter == "." {
                number.append(letter)
                continue
            }
            guard let position = units.firstIndex(of: letter), let value = Double(number) else { return nil }
            units.removeFirst(position + 1)
            total += value * (letter == "h" ? 3600 : letter == "m" ? 60 : 1)
            number = ""
        }
        return number.isEmpty && !text.isEmpty ? total : nil
    }
}

extension Refusal {
    /// Replicate's problem object.
    static func replicate(
        _ status: Int,
        _ title: String?,
        _ detail: String,
        fields: [ReplicateModel.Complaint] = [],
        isCallersMistake: Bool = true
    ) -> Refusal {
        Refusal(
            reply: .replicateError(status, title, detail, fields: fields),
            reason: detail,
            isCallersMistake: isCallersMistake
        )
    }
}

extension FakeReply {
    static func replicateError(
        _ status: Int,
        _ title: String?,
        _ detail: String,
        fields: [ReplicateModel.Complaint] = []
    ) -> FakeReply {
        var body: JSONObject = [:]
        if let title { body["title"] = .string(title) }
        body["detail"] = .string(detail)
        body["status"] = JSON(status)
        if !fields.isEmpty {
            body["invalid_fields"] = .array(
                fields.map {
                    ["type": .string($0.type), "field": .string($0.field), "description": .string($0.description)]
                }
            )
        }
        return .json(status, .object(body))
    }
}
