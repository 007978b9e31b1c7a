import Orchestrator
import Transport

/// Reads the query of one request, and says what is wrong with it by name.
struct QueryReader {
    private let pairs: [(name: String, value: String)]

    init(_ request: HTTPRequest) {
        pairs = request.query
    }

    func text(_ name: String) -> String? {
        pairs.first { $0.name == name && !$0.value.isEmpty }?.value
    }

    /// `1` or `true`; false where it is absent, empty, `0` or `false`.
    func flag(_ name: String) throws(APIError) -> Bool {
        switch text(name) {
        case nil, "0", "false": return false
        case "1", "true": return true
        default: throw .invalidValue(name, "must be 1 or 0")
        }
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(APIError) -> Int? {
        guard let text = text(name) else { return nil }
        guard let value = Int(text), range.contains(value) else {
            throw .invalidValue(name, "must be a whole number, \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    func choice<T: RawRepresentable & CaseIterable>(
        _ name: String,
        _ type: T.Type = T.self
    ) throws(APIError) -> T? where T.RawValue == String {
        guard let text = text(name) else { return nil }
        guard let value = T(rawValue: text) else {
            throw .invalidValue(name, "must be one of \(T.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return value
    }

    func identifier<ID: RecordID>(_ name: String, _ type: ID.Type = ID.self) throws(APIError) -> ID? {
        guard let text = text(name) else { return nil }
        guard let id = ID(text) else { throw .invalidValue(name, "must be the id of a list's last item") }
        return id
    }

    /// A day, `YYYY-MM-DD`, or a moment as RFC 3339 writes it.
    func time(_ name: String, endOfDay: Bool = false) throws(APIError) -> Timestamp? {
        guard let text = text(name) else { return nil }
        if let day = Day(text) { return endOfDay ? Day(number: day.number + 1).start : day.start }
        guard let moment = Timestamp(text) else {
            throw .invalidValue(name, "must be YYYY-MM-DD or an RFC 3339 time")
        }
        return moment
    }
}

extension Exchange {
    /// Whether the answer is to be a table for spreadsheets: by `format=csv`, or by what the client says it takes.
    func wantsCSV() throws(APIError) -> Bool {
        switch QueryReader(request).text("format") {
        case "csv": return true
        case "json": return false
        case nil:
            let types = (request.headers["accept"] ?? "").split(separator: ",").map { type in
                type.prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
            }
            return types.contains("text/csv") && !types.contains("application/json")
        default: throw .invalidValue("format", "must be json or csv")
        }
    }
}
