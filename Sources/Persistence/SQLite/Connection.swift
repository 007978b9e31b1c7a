internal import CSQLite
internal import Glibc

/// One open SQLite file with its prepared statements, used by one thread at a time and closed by `deinit`.
@safe final class Connection: @unchecked Sendable {  // opened by one thread, then handed whole to its worker
    enum Access {
        case readWrite, readOnly
    }

    let handle: OpaquePointer
    /// Of texts written in the source, whose address identifies them without a look at their characters.
    private var constant: [UInt: Statement] = [:]
    /// Of texts put together from parts; few, as the parts are.
    private var composed: [String: Statement] = [:]
    /// What becomes of each statement's text before it is prepared; tests plant faults here.
    private let rewriting: @Sendable (String) -> String
    /// Kept until the file is closed, which the end of `deinit` is.
    private let lock: DirectoryLock?
    /// Written by SQLite at every commit.
    private let logPages: UnsafeMutablePointer<CInt>

    init(
        path: String,
        access: Access,
        lock: DirectoryLock? = nil,
        rewriting: @escaping @Sendable (String) -> String = { $0 }
    ) throws(DatabaseError) {
        self.lock = lock
        self.rewriting = rewriting
        unsafe logPages = .allocate(capacity: 1)
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let code = unsafe sqlite3_open_v2(path, &opened, flags, nil)
        guard code == SQLITE_OK, let opened = unsafe opened else {
            let error = unsafe Connection.error(code, opened)
            unsafe sqlite3_close_v2(opened)  // a failed open still hands back a handle to close
            unsafe logPages.deallocate()
            throw error
        }
        unsafe handle = opened
        unsafe logPages.initialize(to: 0)
        // Contention is only with SQLite itself: recovery of the log at opening.
        unsafe sqlite3_busy_timeout(handle, 2000)
        // A reader opens for writing, as the log's shared index asks for it; `query_only` keeps it from changing data.
        switch access {
        case .readWrite: try configureWriter()
        case .readOnly: try execute("PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -4096")
        }
    }

    deinit {
        constant.removeAll()
        composed.removeAll()
        unsafe sqlite3_close_v2(handle)
        unsafe logPages.deallocate()
    }

    private func configureWriter() throws(DatabaseError) {
        try execute(
            """
            PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;
            PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384;
            PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 0
            """
        )
        unsafe csqlite_watch_log(handle, logPages)
    }

    /// Runs statements without parameters or rows that matter.
    func execute(_ sql: String) throws(DatabaseError) {
        let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw unsafe Connection.error(code, handle) }
    }

    /// The prepared form of a text written in the source; made once and kept.
    func statement(_ sql: StaticString) throws(DatabaseError) -> Statement {
        let address = unsafe UInt(bitPattern: sql.utf8Start)
        if let statement = constant[address] { return statement }
        let statement = try unsafe Statement(rewriting(sql.description), on: handle)
        constant[address] = statement
        return statement
    }

    /// The prepared form of a text composed of a bounded set of parts; made once and kept.
    func statement(composed sql: String) throws(DatabaseError) -> Statement {
        if let statement = composed[sql] { return statement }
        let statement = try unsafe Statement(rewriting(sql), on: handle)
        composed[sql] = statement
        return statement
    }

    /// Rows that the last insertion, change or removal touched.
    var changes: Int { unsafe Int(sqlite3_changes(handle)) }

    /// Whether `BEGIN` has neither been committed nor undone; SQLite undoes some failed transactions by itself.
    var isInTransaction: Bool { unsafe sqlite3_get_autocommit(handle) == 0 }

    /// Pages in the write-ahead log after the last commit.
    var logPageCount: Int { unsafe Int(logPages.pointee) }

    /// Moves the log into the database file as far as readers allow; `emptying` waits for them and truncates the log.
    func checkpoint(emptying: Bool = false) throws(DatabaseError) {
        let mode = emptying ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE
        let code = unsafe sqlite3_wal_checkpoint_v2(handle, nil, mode, nil, nil)
        guard code == SQLITE_OK || code == SQLITE_BUSY else { throw unsafe Connection.error(code, handle) }
    }

    /// Runs a body in a transaction that sees one state of the file.
    func reading<Value>(_ body: (Connection) throws(DatabaseError) -> Value) throws(DatabaseError) -> Value {
        try statement("BEGIN").run()
        let value: Value
        do throws(DatabaseError) {
            value = try body(self)
            try statement("COMMIT").run()
        } catch {
            undo()
            throw error
        }
        return value
    }

    /// Undoes what the transaction did, if it is still there; a failure changes nothing, the transaction is void anyway.
    func undo() {
        guard isInTransaction else { return }
        try? execute("ROLLBACK")
    }

    static func error(_ code: CInt, _ handle: OpaquePointer?) -> DatabaseError {
        let message = unsafe handle.map { unsafe String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
        return .sqlite(
            code: code,
            message: message,
            systemCode: unsafe handle.map { unsafe sqlite3_system_errno($0) } ?? 0
        )
    }
}
