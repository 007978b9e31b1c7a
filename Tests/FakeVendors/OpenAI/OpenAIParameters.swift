import Orchestrator

/// The parameters of one call, from JSON or from a form, read as the vendor reads them.
struct OpenAIParameters {
    let values: JSONObject
    let isForm: Bool

    init(_ values: JSONObject) {
        self.values = values
        isForm = false
    }

    init(_ form: FormBody) throws(Refusal) {
        var values = JSONObject()
        for part in form.parts where part.fileName == nil {
            guard values[part.name] == nil else {
                throw .openAI("duplicate_parameter", part.name, "Duplicate parameter: '\(part.name)'.")
            }
            values[part.name] = .string(part.text)
        }
        self.values = values
        isForm = true
    }

    /// The value; JSON's null counts as absent, as optional fields are nullable.
    subscript(name: String) -> JSON? {
        guard let value = values[name], !value.isNull else { return nil }
        return value
    }

    func string(_ name: String) throws(Refusal) -> String? {
        guard let value = self[name] else { return nil }
        guard let text = value.string else { throw .openAIType(name, "a string") }
        return text
    }

    func choice(_ name: String, of words: [String]) throws(Refusal) -> String? {
        guard let text = try string(name) else { return nil }
        guard words.contains(text) else {
            let list = words.map { "'\($0)'" }.joined(separator: ", ")
            throw .openAI("invalid_value", name, "Invalid value: '\(text)'. Supported values are: \(list).")
        }
        return text
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(Refusal) -> Int? {
        guard let value = self[name] else { return nil }
        guard let number = isForm ? value.string.flatMap({ Int($0) }) : value.int else {
            throw .openAIType(name, "an integer")
        }
        guard range.contains(number) else {
            let bound = number < range.lowerBound ? "below_min" : "above_max"
            throw .openAI(
                "integer_\(bound)_value",
                name,
                "Invalid '\(name)': expected a value from \(range.lowerBound) to \(range.upperBound), got \(number)."
            )
        }
        return number
    }

    func bool(_ name: String) throws(Refusal) -> Bool? {
        guard let value = self[name] else { return nil }
        if isForm {
            switch value.string {
            case "true": return true
            case "false": return false
            default: throw .openAIType(name, "a boolean")
            }
        }
        guard let truth = value.bool else { throw .openAIType(name, "a boolean") }
        return truth
    }
}

extension Refusal {
    /// OpenAI's error object.
    static func openAI(
        _ code: String?,
        _ param: String?,
        _ message: String,
        status: Int = 400,
        type: String = "invalid_request_error"
    ) -> Refusal {
        Refusal(
            reply: .openAIError(status, type: type, code: code, param: param, message),
            reason: "\(code ?? type) \(param ?? ""): \(message)"
        )
    }

    static func openAIType(_ param: String, _ expected: String) -> Refusal {
        .openAI("invalid_type", param, "Invalid type for '\(param)': expected \(expected).")
    }
}

extension FakeReply {
    static func openAIError(
        _ status: Int,
        type: String,
        code: String?,
        param: String? = nil,
        _ message: String
    ) -> FakeReply {
        .json(
            status,
            [
                "error": [
                    "message": .string(message), "type": .string(type), "param": param.map(JSON.string) ?? .null,
                    "code": code.map(JSON.string) ?? .null,
                ]
            ]
        )
    }
}
