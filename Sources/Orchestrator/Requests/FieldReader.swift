/// Reads the fields of one request body, from JSON or from a form, and says what is wrong with them by name.
package struct FieldReader: Sendable {
    private let fields: JSONObject
    /// Form fields are all text; numbers and truth values are read from their words.
    private let isForm: Bool
    /// Stands before the names in errors, such as `routing.`.
    private let prefix: String

    package init(_ fields: JSONObject, isForm: Bool = false, prefix: String = "") {
        self.fields = fields
        self.isForm = isForm
        self.prefix = prefix
    }

    /// The value of a field; nil when it is absent or null.
    package func value(_ name: String) -> JSON? {
        guard let value = fields[name], !value.isNull else { return nil }
        return value
    }

    package func invalid(_ name: String, _ message: String) -> APIError {
        .invalidValue(prefix + name, message)
    }

    package func string(_ name: String, atMost limit: Int = 32_000) throws(APIError) -> String? {
        guard let value = value(name) else { return nil }
        guard let text = value.string else { throw invalid(name, "must be a string") }
        // JSON may say U+0000, but neither vendors nor file names nor databases bear it.
        guard !text.utf8.contains(0) else { throw invalid(name, "must not contain U+0000") }
        guard text.unicodeScalars.count <= limit else { throw invalid(name, "must have at most \(limit) characters") }
        return text
    }

    package func integer(_ name: String, in range: ClosedRange<Int>) throws(APIError) -> Int? {
        guard let value = value(name) else { return nil }
        let number = isForm ? value.string.flatMap { Int($0) } : value.int
        guard let number else { throw invalid(name, "must be a whole number") }
        guard range.contains(number) else {
            throw invalid(name, "must be \(range.lowerBound) to \(range.upperBound), not \(number)")
        }
        return number
    }

    package func bool(_ name: String) throws(APIError) -> Bool? {
        guard let value = value(name) else { return nil }
        let flag = isForm ? value.string.flatMap { Bool($0.lowercased()) } : value.bool
        guard let flag else { throw invalid(name, "must be true or false") }
        return flag
    }

    package func number(_ name: String) throws(APIError) -> Double? {
        guard let value = value(name) else { return nil }
        let number = isForm ? value.string.flatMap(Double.init) : value.double
        guard let number, number.isFinite else { throw invalid(name, "must be a number") }
        return number
    }

    /// An amount in dollars, as a number or as decimal text, read exactly.
    package func dollars(_ name: String) throws(APIError) -> MicroUSD? {
        guard let value = value(name) else { return nil }
        let text = value.string ?? value.number?.text
        guard let text else { throw invalid(name, "must be an amount in dollars") }
        do throws(MicroUSD.ParseError) {
            return try MicroUSD(decimal: text)
        } catch {
            throw invalid(name, "must be an amount in dollars such as \"0.05\"")
        }
    }

    package func choice<T: RawRepresentable & CaseIterable>(
        _ name: String,
        _ type: T.Type = T.self
    ) throws(APIError) -> T? where T.RawValue == String {
        guard let text = try string(name, atMost: 100) else { return nil }
        guard let value = T(rawValue: text) else {
            throw invalid(name, "'\(text)' is none of \(T.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return value
    }

    package func strings(_ name: String) throws(APIError) -> [String]? {
        guard let value = value(name) else { return nil }
        guard let elements = value.array else { throw invalid(name, "must be a list of strings") }
        var strings: [String] = []
        for element in elements {
            guard let text = element.string else { throw invalid(name, "must be a list of strings") }
            strings.append(text)
        }
        return strings
    }

    /// A nested object; in a form it is JSON text.
    package func object(_ name: String) throws(APIError) -> JSONObject? {
        guard var value = value(name) else { return nil }
        if isForm, let text = value.string {
            do throws(JSONError) {
                value = try JSON(parsing: Array(text.utf8))
            } catch {
                throw invalid(name, "must be JSON")
            }
        }
        guard let object = value.object else { throw invalid(name, "must be an object") }
        return object
    }
}
