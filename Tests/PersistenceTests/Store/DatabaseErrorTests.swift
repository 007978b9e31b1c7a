import Glibc
import Orchestrator
import Testing

@testable import Persistence

@Suite struct DatabaseErrorTests {
    /// SQLite's extended code, the errno behind it; whether space ran out, writing ends at once, writing ends if it was a commit.
    static let failures: [(CInt, CInt, Bool, Bool, Bool)] = [
        (13, ENOSPC, true, false, false),  // SQLITE_FULL
        (778, EDQUOT, true, false, false),  // SQLITE_IOERR_WRITE
        (778, EFBIG, true, false, false),
        (778, EIO, false, false, true),
        (778, 0, false, false, false),
        (1034, EIO, false, true, true),  // SQLITE_IOERR_FSYNC
        (1290, EIO, false, true, true),  // SQLITE_IOERR_DIR_FSYNC
        (266, EIO, false, false, true),  // SQLITE_IOERR_READ
        (11, 0, false, true, false),  // SQLITE_CORRUPT
        (26, 0, false, true, false),  // SQLITE_NOTADB
        (5, 0, false, false, false),  // SQLITE_BUSY
        (2067, 0, false, false, false),  // SQLITE_CONSTRAINT_UNIQUE
    ]

    @Test(arguments: failures)
    func `only failures that leave the disk's state in doubt end writing`(
        code: CInt,
        systemCode: CInt,
        isFull: Bool,
        endsWriting: Bool,
        endsCommit: Bool
    ) {
        let error = DatabaseError.sqlite(code: code, message: "m", systemCode: systemCode)
        #expect(error.isFull == isFull)
        #expect(error.endsWriting == endsWriting)
        #expect(error.leavesCommitInDoubt == endsCommit)
    }
}
