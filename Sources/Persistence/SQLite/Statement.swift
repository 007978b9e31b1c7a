internal import CSQLite

/// One prepared statement; bind from the first parameter on, run or read rows, and it is ready for the next use.
@safe final class Statement {
    private let handle: OpaquePointer
    private let connection: OpaquePointer
    private var bound: CInt = 0
    /// The first binding that failed, for lack of memory or by a parameter too many.
    private var bindingCode = SQLITE_OK

    init(_ sql: String, on connection: OpaquePointer) throws(DatabaseError) {
        var prepared: OpaquePointer?
        let code = unsafe sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard code == SQLITE_OK, let prepared = unsafe prepared else {
            throw unsafe Connection.error(code, connection)
        }
        unsafe handle = prepared
        unsafe self.connection = connection
    }

    deinit { unsafe sqlite3_finalize(handle) }

    // MARK: Parameters, in order

    @discardableResult
    func bind(_ value: Int64?) -> Statement {
        bound += 1
        if let value {
            unsafe note(sqlite3_bind_int64(handle, bound, value))
        } else {
            unsafe note(sqlite3_bind_null(handle, bound))
        }
        return self
    }

    @discardableResult
    func bind(_ value: Int) -> Statement { bind(Int64(value)) }

    @discardableResult
    func bind(_ value: Bool) -> Statement { bind(value ? 1 : 0 as Int64) }

    @discardableResult
    func bind(_ value: String?) -> Statement {
        bound += 1
        guard let value else {
            unsafe note(sqlite3_bind_null(handle, bound))
            return self
        }
        bindText(value.utf8Span.span)
        return self
    }

    /// Binds UTF-8 text.
    @discardableResult
    func bind(text: [UInt8]?) -> Statement {
        bound += 1
        guard let text else {
            unsafe note(sqlite3_bind_null(handle, bound))
            return self
        }
        bindText(text.span)
        return self
    }

    private func bindText(_ text: Span<UInt8>) {
        let code: CInt = unsafe text.withUnsafeBytes { bytes in
            // A null pointer would bind NULL, where the empty text is meant.
            guard let base = bytes.baseAddress else { return unsafe csqlite_bind_text(handle, bound, "", 0) }
            return unsafe csqlite_bind_text(handle, bound, base.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        note(code)
    }

    private func note(_ code: CInt) {
        if bindingCode == SQLITE_OK { bindingCode = code }
    }

    // MARK: Running

    /// Runs to the end, ignoring rows.
    func run() throws(DatabaseError) {
        while try step() {}
    }

    /// The first row as `read` sees it, or nil.
    func first<Value>(_ read: (borrowing Row) throws(DatabaseError) -> Value) throws(DatabaseError) -> Value? {
        guard try step() else { return nil }
        defer { reset() }
        return try unsafe read(Row(handle))
    }

    /// The one row that a change returns, or nil; the change is complete either way.
    func returning<Value>(_ read: (borrowing Row) throws(DatabaseError) -> Value) throws(DatabaseError) -> Value? {
        try all(read).first
    }

    /// Shows every row to `body` and keeps none.
    func forEach(_ body: (borrowing Row) throws(DatabaseError) -> Void) throws(DatabaseError) {
        while try step() {
            do throws(DatabaseError) {
                try body(unsafe Row(handle))
            } catch {
                reset()
                throw error
            }
        }
    }

    /// Every row as `read` sees it.
    func all<Value>(_ read: (borrowing Row) throws(DatabaseError) -> Value) throws(DatabaseError) -> [Value] {
        var values: [Value] = []
        while try step() {
            do throws(DatabaseError) {
                values.append(try unsafe read(Row(handle)))
            } catch {
                reset()
                throw error
            }
        }
        return values
    }

    /// True when there is a row; at the end, or after a failure, the statement is ready for its next use.
    private func step() throws(DatabaseError) -> Bool {
        var code = bindingCode
        if code == SQLITE_OK { code = unsafe sqlite3_step(handle) }
        switch code {
        case SQLITE_ROW: return true
        case SQLITE_DONE:
            reset()
            return false
        default:
            let error = unsafe Connection.error(code, connection)
            reset()
            throw error
        }
    }

    private func reset() {
        unsafe sqlite3_reset(handle)
        bound = 0
        bindingCode = SQLITE_OK
    }
}

/// One row of a result, good until the statement's next step.
@safe struct Row: ~Copyable {
    private let handle: OpaquePointer

    fileprivate init(_ handle: OpaquePointer) {
        unsafe self.handle = handle
    }

    func optionalInteger(_ column: CInt) -> Int64? {
        unsafe sqlite3_column_type(handle, column) == SQLITE_NULL ? nil : sqlite3_column_int64(handle, column)
    }

    func integer(_ column: CInt) -> Int64 { unsafe sqlite3_column_int64(handle, column) }

    func bool(_ column: CInt) -> Bool { integer(column) != 0 }

    func optionalText(_ column: CInt) -> String? {
        guard let bytes = unsafe sqlite3_column_text(handle, column) else { return nil }
        let count = unsafe Int(sqlite3_column_bytes(handle, column))
        return unsafe String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    }

    func text(_ column: CInt) -> String { optionalText(column) ?? "" }
}
