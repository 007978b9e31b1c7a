internal import Orchestrator

extension APIError {
    /// The form kept in the record, with what only the log may show.
    var record: JSON {
        var object: JSONObject = [
            "status": .number(JSONNumber(Int64(status))), "type": .string(kind.rawValue), "code": .string(code),
            "message": .string(message),
        ]
        object["param"] = param.map(JSON.string)
        object["detail"] = detail.map(JSON.string)
        object["retry_after"] = retryAfter.map { wait in
            .array([JSONNumber(wait.components.seconds), JSONNumber(wait.components.attoseconds)].map(JSON.number))
        }
        if !headers.isEmpty {
            object["headers"] = .array(headers.map { .array([.string($0.name), .string($0.value)]) })
        }
        return .object(object)
    }

    init?(record: JSON) {
        guard let status = record["status"]?.int, let code = record["code"]?.string,
            let kind = record["type"]?.string.flatMap(Kind.init(rawValue:)), let message = record["message"]?.string
        else { return nil }
        self.init(status, kind, code, message, param: record["param"]?.string, detail: record["detail"]?.string)
        if let wait = record["retry_after"] {
            guard let parts = wait.array?.compactMap({ $0.number?.int64 }), parts.count == 2 else { return nil }
            retryAfter = Duration(secondsComponent: parts[0], attosecondsComponent: parts[1])
        }
        for header in record["headers"]?.array ?? [] {
            guard let parts = header.array?.compactMap(\.string), parts.count == 2 else { return nil }
            headers.append((name: parts[0], value: parts[1]))
        }
    }
}
