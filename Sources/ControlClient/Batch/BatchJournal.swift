private import Glibc
internal import Orchestrator

/// What of a batch is done, one JSON object a line, each on disk before the next step is taken.
///
/// A row is noted with its key before it is sent: after a crash the same key asks for the same job, which then is made and
/// paid for once. A last line that was cut off by a crash counts for nothing.
final class BatchJournal: Sendable {
    /// How a row stands.
    struct Entry: Sendable {
        var attempt = 0
        /// The job's pictures once it has succeeded.
        var done: JSON?
    }

    private struct State: Sendable {
        var batch = ""
        var entries: [String: Entry] = [:]
    }

    let path: String
    private let file: Int32
    private let state: Lock<State>

    init(_ path: String) throws(CommandFailure) {
        self.path = path
        file = unsafe open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .failure("cannot write the journal '\(path)': \(SystemError.last)") }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            close(file)
            throw .failure("'\(path)' is in use: this batch runs already")
        }
        let bytes: [UInt8]
        do throws(CommandFailure) {
            bytes = try FileBytes.read(file, called: "'\(path)'", atMost: 1 << 30)
        } catch {
            close(file)
            throw error
        }
        var found = State()
        for line in bytes.split(separator: 0x0A) {
            guard let note = try? JSON(parsing: Array(line)) else { continue }
            if let batch = note["batch"]?.string { found.batch = batch }
            guard let row = note["row"]?.string else { continue }
            var entry = found.entries[row] ?? Entry()
            switch note["state"]?.string {
            case "started"?: entry.attempt = note["attempt"]?.int ?? entry.attempt
            case "failed"?: entry.attempt += 1
            case "done"?: entry.done = note
            default: break
            }
            found.entries[row] = entry
        }
        let isNew = found.batch.isEmpty
        if isNew { found.batch = PictureOrder.newKey() }
        let batch = found.batch
        state = Lock(found)
        if let last = bytes.last, last != 0x0A { try write([0x0A]) }
        if isNew { try note(["batch": .string(batch)]) }
    }

    deinit { close(file) }

    /// The row's key, the same in every run until it has failed, and how it stands.
    func entry(_ row: BatchRow) -> (key: String, entry: Entry) {
        state.withLock { state in
            let entry = state.entries[row.id] ?? Entry()
            return ("\(state.batch)-\(row.id)-\(entry.attempt)", entry)
        }
    }

    func start(_ row: BatchRow) throws(CommandFailure) {
        let attempt = entry(row).entry.attempt
        try note([
            "row": .string(row.id), "line": .integer(row.line), "state": "started", "attempt": .integer(attempt),
        ])
    }

    func finish(_ row: BatchRow, _ job: JSON, files: [String]) throws(CommandFailure) {
        try note([
            "row": .string(row.id), "state": "done", "job": job["id"] ?? .null, "files": .array(files.map(JSON.string)),
            "images": .array(job.list("images").map { $0["id"] ?? .null }), "cost_usd": job["cost_usd"] ?? .null,
        ])
    }

    /// A row that has failed gets a new key, so that trying again is trying again.
    func fail(_ row: BatchRow, _ why: String) throws(CommandFailure) {
        try note(["row": .string(row.id), "state": "failed", "error": .string(why)])
    }

    private func note(_ note: JSON) throws(CommandFailure) {
        try write(note.serialized() + [0x0A])
    }

    /// One write, as lines of several threads must not mix.
    private func write(_ bytes: [UInt8]) throws(CommandFailure) {
        let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
        guard count == bytes.count, fdatasync(file) == 0 else {
            throw .failure("cannot write the journal '\(path)': \(SystemError.last)")
        }
    }
}
