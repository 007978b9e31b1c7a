internal import Orchestrator

extension Row {
    /// Stored text was written by this program from values that had passed a request's limits; wrapped once or twice.
    private static let limits = JSONLimits(depth: 256, values: 10_000_000, numberBytes: 4096, allowsNUL: true)

    func time(_ column: CInt) -> Timestamp { Timestamp(milliseconds: integer(column)) }
    func optionalTime(_ column: CInt) -> Timestamp? { optionalInteger(column).map(Timestamp.init(milliseconds:)) }
    func day(_ column: CInt) -> Day { Day(number: Int(integer(column))) }
    func optionalDay(_ column: CInt) -> Day? { optionalInteger(column).map { Day(number: Int($0)) } }
    func money(_ column: CInt) -> MicroUSD { MicroUSD(micros: integer(column)) }
    func optionalMoney(_ column: CInt) -> MicroUSD? { optionalInteger(column).map(MicroUSD.init(micros:)) }
    func optionalID<ID: RecordID>(_ column: CInt) -> ID? { optionalText(column).map(ID.init(trusted:)) }
    func id<ID: RecordID>(_ column: CInt) -> ID { ID(trusted: text(column)) }

    /// One of a closed set of words.
    func word<Word: RawRepresentable<String>>(_ column: CInt, _ name: String) throws(DatabaseError) -> Word {
        let text = text(column)
        guard let word = Word(rawValue: text) else { throw .unreadable("'\(text)' is no \(name)") }
        return word
    }

    func optionalWord<Word: RawRepresentable<String>>(
        _ column: CInt,
        _ name: String
    ) throws(DatabaseError) -> Word? {
        optionalText(column) == nil ? nil : try word(column, name)
    }

    func json(_ column: CInt, _ name: String) throws(DatabaseError) -> JSON {
        guard let json = try optionalJSON(column, name) else { throw .unreadable("\(name) is absent") }
        return json
    }

    func optionalJSON(_ column: CInt, _ name: String) throws(DatabaseError) -> JSON? {
        guard let text = optionalText(column) else { return nil }
        do throws(JSONError) {
            return try JSON(parsing: text, limits: Row.limits)
        } catch {
            throw .unreadable("\(name) is no JSON: \(error)")
        }
    }

    /// A structured value that the record keeps as JSON, or nil.
    func optional<Value>(
        _ column: CInt,
        _ name: String,
        _ read: (JSON) -> Value?
    ) throws(DatabaseError) -> Value? {
        guard let json = try optionalJSON(column, name) else { return nil }
        guard let value = read(json) else { throw .unreadable("\(name) is incomplete") }
        return value
    }
}

extension Statement {
    @discardableResult
    func bind(_ id: some RecordID) -> Statement { bind(id.text) }

    @discardableResult
    func bind(_ time: Timestamp?) -> Statement { bind(time?.milliseconds) }

    @discardableResult
    func bind(_ day: Day?) -> Statement { bind((day?.number).map(Int64.init)) }

    @discardableResult
    func bind(_ amount: MicroUSD?) -> Statement { bind(amount?.micros) }

    @discardableResult
    func bind(_ json: JSON?) -> Statement { bind(text: json?.serialized()) }

    @discardableResult
    func bind<Word: RawRepresentable<String>>(word: Word?) -> Statement { bind(word?.rawValue) }
}
