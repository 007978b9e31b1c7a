internal import CSQLite
internal import Glibc
internal import Orchestrator

/// Why a statement or the reading of a row failed, before it is told to the world as a `StoreError`.
enum DatabaseError: Error {
    /// `code` is SQLite's extended result code, `systemCode` the errno behind it or 0.
    case sqlite(code: CInt, message: String, systemCode: CInt)
    /// A row holds something that no version of this program wrote.
    case unreadable(String)
    /// The operation contradicts what is recorded.
    case conflict(String)

    private static let fullCodes: Set<CInt> = [ENOSPC, EDQUOT, EFBIG]

    /// Whether space ran out; SQLite names only `ENOSPC` so, a quota and a file size limit are write errors to it.
    var isFull: Bool {
        guard case .sqlite(let code, _, let systemCode) = self else { return false }
        return code & 0xFF == SQLITE_FULL
            || code & 0xFF == SQLITE_IOERR && DatabaseError.fullCodes.contains(systemCode)
    }

    /// Whether the file can be trusted no longer: pages that failed to reach the disk may be gone from memory as well,
    /// so that a second fsync would succeed without them.
    var endsWriting: Bool {
        guard case .sqlite(let code, _, _) = self else { return false }
        switch code & 0xFF {
        case SQLITE_CORRUPT, SQLITE_NOTADB: return true
        default: return DatabaseError.syncFailures.contains(code)
        }
    }

    /// `SQLITE_IOERR_FSYNC` and `SQLITE_IOERR_DIR_FSYNC`; macros made of others are not imported.
    private static let syncFailures: Set<CInt> = [SQLITE_IOERR | 4 << 8, SQLITE_IOERR | 5 << 8]

    /// Whether a commit that failed so leaves in doubt what is on the disk.
    ///
    /// A frame of the log that could not be written whole is none, by its checksum, and the next transaction overwrites
    /// it; only a device that failed may have kept it all the same. SQLite often loses the errno of what is neither.
    var leavesCommitInDoubt: Bool {
        guard case .sqlite(let code, _, let systemCode) = self, code & 0xFF == SQLITE_IOERR else { return false }
        return !isFull && (code != DatabaseError.writeFailure || systemCode == EIO)
    }

    /// `SQLITE_IOERR_WRITE`, a macro made of others.
    private static let writeFailure = SQLITE_IOERR | 3 << 8

    /// Whether the operation itself is at fault, not the database.
    var isContradiction: Bool {
        switch self {
        case .sqlite(let code, _, _): code & 0xFF == SQLITE_CONSTRAINT
        case .conflict: true
        case .unreadable: false
        }
    }

    /// The same for the callers of the store.
    var storeError: StoreError {
        switch self {
        case .unreadable(let what): return .corrupt(what)
        case .conflict(let what): return .conflict(what)
        case .sqlite(let code, let message, _):
            if isFull { return .unavailable("no space is left for the database") }
            if isContradiction { return .conflict(message) }
            switch code & 0xFF {
            case SQLITE_CORRUPT, SQLITE_NOTADB: return .corrupt("the database file is damaged: \(message)")
            default: return .unavailable("the database failed: \(message) (SQLite code \(code))")
            }
        }
    }
}
