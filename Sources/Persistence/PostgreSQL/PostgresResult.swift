internal import CPostgreSQL

/// The rows of an answer, freed by `deinit`; any thread may read them.
@safe final class PostgresResult: @unchecked Sendable {  // libpq does not change a complete result
    private let handle: OpaquePointer

    /// Takes over a complete result.
    init(owning handle: OpaquePointer) {
        unsafe self.handle = handle
    }

    deinit { unsafe PQclear(handle) }

    var count: Int { unsafe Int(PQntuples(handle)) }

    /// Rows that an `INSERT`, `UPDATE` or `DELETE` touched.
    var changes: Int { unsafe Int(String(cString: PQcmdTuples(handle))) ?? 0 }

    /// Every row as `read` sees it.
    func all<Value>(_ read: (PostgresRow) throws(PostgresError) -> Value) throws(PostgresError) -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(count)
        for index in 0..<count { values.append(try read(PostgresRow(result: self, index: CInt(index)))) }
        return values
    }

    /// The first row as `read` sees it; nil when there is none.
    func first<Value>(_ read: (PostgresRow) throws(PostgresError) -> Value) throws(PostgresError) -> Value? {
        if count == 0 { return nil }
        return try read(PostgresRow(result: self, index: 0))
    }

    fileprivate func type(_ column: CInt) -> Oid { unsafe PQftype(handle, column) }

    /// The bytes of a value as the server sent them, in binary; nil for NULL. `body` must not keep them.
    fileprivate func withBytes<Value>(
        _ row: CInt,
        _ column: CInt,
        _ body: (UnsafeBufferPointer<UInt8>) -> Value?
    ) throws(PostgresError) -> Value?? {
        guard unsafe PQnfields(handle) > column else { throw PostgresError(.unreadable, "a row has too few columns") }
        if unsafe PQgetisnull(handle, row, column) != 0 { return .some(nil) }
        let length = unsafe Int(PQgetlength(handle, row, column))
        guard let bytes = unsafe PQgetvalue(handle, row, column) else { return .some(nil) }
        return unsafe bytes.withMemoryRebound(to: UInt8.self, capacity: length) { start in
            guard let value = unsafe body(UnsafeBufferPointer(start: start, count: length)) else { return nil }
            return .some(value)
        }
    }
}

/// One row of an answer. Reading a value of another type, or NULL where a value must be, throws `.unreadable`.
struct PostgresRow: Sendable {
    fileprivate let result: PostgresResult
    fileprivate let index: CInt

    func optionalInteger(_ column: Int) throws(PostgresError) -> Int64? {
        try unsafe value(column, "an integer") { type, bytes in
            switch (type, bytes.count) {
            case (.int8, 8), (.int4, 4), (.int2, 2): unsafe PostgresRow.signed(bytes)
            default: nil
            }
        }
    }

    func integer(_ column: Int) throws(PostgresError) -> Int64 { try present(optionalInteger(column), column) }

    func optionalBool(_ column: Int) throws(PostgresError) -> Bool? {
        try unsafe value(column, "a truth value") { type, bytes in
            type == .bool && bytes.count == 1 ? unsafe bytes[0] != 0 : nil
        }
    }

    func bool(_ column: Int) throws(PostgresError) -> Bool { try present(optionalBool(column), column) }

    /// A text, or a JSON document as text.
    func optionalText(_ column: Int) throws(PostgresError) -> String? {
        try unsafe value(column, "a text") { type, bytes in
            switch type {
            case .text, .varchar, .name, .json, .unknown: unsafe String(decoding: bytes, as: UTF8.self)
            // One byte of version, always 1, and the text.
            case .jsonb where unsafe bytes.first == 1: unsafe String(decoding: bytes.dropFirst(), as: UTF8.self)
            default: nil
            }
        }
    }

    func text(_ column: Int) throws(PostgresError) -> String { try present(optionalText(column), column) }

    func optionalBytes(_ column: Int) throws(PostgresError) -> [UInt8]? {
        try unsafe value(column, "bytes") { type, bytes in type == .bytea ? unsafe Array(bytes) : nil }
    }

    func bytes(_ column: Int) throws(PostgresError) -> [UInt8] { try present(optionalBytes(column), column) }

    func isNull(_ column: Int) throws(PostgresError) -> Bool {
        let value: Void?? = try unsafe result.withBytes(index, CInt(column)) { _ in () }
        if case .some(.some) = value { return false }
        return true
    }

    private func value<Value>(
        _ column: Int,
        _ what: String,
        _ read: (ServerType, UnsafeBufferPointer<UInt8>) -> Value?
    ) throws(PostgresError) -> Value? {
        let type = ServerType(rawValue: result.type(CInt(column)))
        let value = try unsafe result.withBytes(index, CInt(column)) { bytes in
            type.flatMap { type in unsafe read(type, bytes) }
        }
        guard let value else {
            throw PostgresError(.unreadable, "column \(column) of a row of the database is not \(what)")
        }
        return value
    }

    private func present<Value>(_ value: Value?, _ column: Int) throws(PostgresError) -> Value {
        guard let value else { throw PostgresError(.unreadable, "column \(column) of a row of the database is empty") }
        return value
    }

    /// Big-endian, in two's complement.
    private static func signed(_ bytes: UnsafeBufferPointer<UInt8>) -> Int64 {
        var number: Int64 = unsafe bytes[0] >= 0x80 ? -1 : 0
        for index in 0..<bytes.count { number = unsafe number << 8 | Int64(bytes[index]) }
        return number
    }
}

/// The types that values are read from, by the numbers of the server's `pg_type.dat`. Sums of `bigint` are `numeric`
/// there, so cast them.
private enum ServerType: Oid {
    case bool = 16
    case bytea = 17
    case name = 19
    case int8 = 20
    case int2 = 21
    case int4 = 23
    case text = 25
    case json = 114
    case unknown = 705
    case varchar = 1043
    case jsonb = 3802
}
