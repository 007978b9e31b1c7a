internal import Orchestrator

/// A row as a JSON object, its members named like the columns. Reading what is not there, or is of another type, throws
/// `.unreadable`.
struct PostgresFields: Sendable {
    private let object: JSONObject

    /// Stored text was written by this program from values that had passed a request's limits; wrapped once or twice.
    private static let limits = JSONLimits(depth: 256, values: 10_000_000, numberBytes: 4096, allowsNUL: true)

    init(_ json: JSON) throws(PostgresError) {
        guard case .object(let object) = json else {
            throw PostgresError(.unreadable, "a row of the database is no object")
        }
        self.object = object
    }

    init(_ text: String) throws(PostgresError) {
        try self.init(PostgresFields.parse(text, "a row"))
    }

    /// Two columns of a job, where the rest of it is not wanted.
    init(operation: String, request: String) {
        object = ["operation": .string(operation), "request": .string(request)]
    }

    /// The rows of a JSON array.
    static func rows<Value>(
        _ text: String,
        _ read: (PostgresFields) throws(PostgresError) -> Value
    ) throws(PostgresError) -> [Value] {
        var values: [Value] = []
        for row in try parse(text, "rows").array ?? [] { values.append(try read(PostgresFields(row))) }
        return values
    }

    private static func parse(_ text: String, _ name: String) throws(PostgresError) -> JSON {
        do throws(JSONError) {
            return try JSON(parsing: text, limits: limits)
        } catch {
            throw PostgresError(.unreadable, "\(name) is no JSON: \(error)")
        }
    }

    private func absent(_ name: String) -> PostgresError {
        PostgresError(.unreadable, "'\(name)' of a row of the database is absent or of another type")
    }

    private func value(_ name: String) -> JSON? {
        guard let value = object[name], !value.isNull else { return nil }
        return value
    }

    // MARK: Plain values

    func optionalText(_ name: String) throws(PostgresError) -> String? {
        guard let value = value(name) else { return nil }
        guard let text = value.string else { throw absent(name) }
        return text
    }

    func text(_ name: String) throws(PostgresError) -> String {
        guard let text = try optionalText(name) else { throw absent(name) }
        return text
    }

    func optionalInteger(_ name: String) throws(PostgresError) -> Int64? {
        guard let value = value(name) else { return nil }
        guard let number = value.number?.int64 else { throw absent(name) }
        return number
    }

    func integer(_ name: String) throws(PostgresError) -> Int64 {
        guard let number = try optionalInteger(name) else { throw absent(name) }
        return number
    }

    func int(_ name: String) throws(PostgresError) -> Int { Int(try integer(name)) }

    func flag(_ name: String) throws(PostgresError) -> Bool { try integer(name) != 0 }

    // MARK: The program's values

    func time(_ name: String) throws(PostgresError) -> Timestamp { Timestamp(milliseconds: try integer(name)) }

    func optionalTime(_ name: String) throws(PostgresError) -> Timestamp? {
        try optionalInteger(name).map(Timestamp.init(milliseconds:))
    }

    func optionalDay(_ name: String) throws(PostgresError) -> Day? {
        try optionalInteger(name).map { Day(number: Int($0)) }
    }

    func money(_ name: String) throws(PostgresError) -> MicroUSD { MicroUSD(micros: try integer(name)) }

    func optionalMoney(_ name: String) throws(PostgresError) -> MicroUSD? {
        try optionalInteger(name).map(MicroUSD.init(micros:))
    }

    func id<ID: RecordID>(_ name: String) throws(PostgresError) -> ID { ID(trusted: try text(name)) }

    func optionalID<ID: RecordID>(_ name: String) throws(PostgresError) -> ID? {
        try optionalText(name).map(ID.init(trusted:))
    }

    /// One of a closed set of words.
    func word<Word: RawRepresentable<String>>(_ name: String) throws(PostgresError) -> Word {
        let text = try text(name)
        guard let word = Word(rawValue: text) else { throw PostgresError(.unreadable, "'\(text)' is no \(name)") }
        return word
    }

    func optionalWord<Word: RawRepresentable<String>>(_ name: String) throws(PostgresError) -> Word? {
        try optionalText(name) == nil ? nil : try word(name)
    }

    func json(_ name: String) throws(PostgresError) -> JSON { try PostgresFields.parse(text(name), name) }

    /// A structured value that the record keeps as JSON text, or nil.
    func optional<Value>(_ name: String, _ read: (JSON) -> Value?) throws(PostgresError) -> Value? {
        guard let text = try optionalText(name) else { return nil }
        guard let value = read(try PostgresFields.parse(text, name)) else {
            throw PostgresError(.unreadable, "\(name) is incomplete")
        }
        return value
    }

    /// The texts of an array within, nil for null.
    func texts(_ name: String) -> [String?] { value(name)?.array?.map(\.string) ?? [] }

    /// The objects of an array within.
    func list(_ name: String) throws(PostgresError) -> [PostgresFields] {
        var list: [PostgresFields] = []
        for element in value(name)?.array ?? [] { list.append(try PostgresFields(element)) }
        return list
    }

    func part(_ name: String) throws(PostgresError) -> PostgresFields {
        guard let value = value(name) else { throw absent(name) }
        return try PostgresFields(value)
    }
}

extension JSON {
    static func number(of value: Int64?) -> JSON { value.map { .number(JSONNumber($0)) } ?? .null }
    static func number(of value: Int) -> JSON { .number(JSONNumber(Int64(value))) }
    static func time(_ value: Timestamp?) -> JSON { number(of: value?.milliseconds) }
    static func money(_ value: MicroUSD) -> JSON { number(of: value.micros) }
    static func flag(_ value: Bool) -> JSON { number(of: value ? 1 : 0) }
    /// A document as text within a document: what it holds is nothing that the server has to understand.
    static func document(_ value: JSON?) -> JSON { value.map { .string($0.text) } ?? .null }

    /// A text, without U+0000, which the server cannot keep: vendors' words may hold it.
    static func words(_ value: String?) -> JSON {
        guard let value else { return .null }
        return .string(value.utf8.contains(0) ? value.replacing("\0", with: "") : value)
    }
}
