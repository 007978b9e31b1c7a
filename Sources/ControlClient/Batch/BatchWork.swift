internal import CommandLineInterface
internal import Dispatch
private import Glibc
internal import Orchestrator

/// The rows of a batch on their way: each worker takes the next one until none is left.
final class BatchWork: Sendable {
    struct Result: Sendable {
        var made = 0
        var doneBefore = 0
        var pictures = 0
        var cost = MicroUSD.zero
        var credits = 0
        var failures: [(line: Int, why: String)] = []
        /// Why no further row makes sense.
        var stop: String?
    }

    private struct State: Sendable {
        var next = 0
        var result = Result()
    }

    private let call: Invocation
    private let journal: BatchJournal
    private let rows: [BatchRow]
    private let state = Lock(State())

    /// How long a row waits in all for a server that has no room.
    private static let patience = Duration.seconds(1800)
    private static let longestPause = 60

    init(call: Invocation, journal: BatchJournal, rows: [BatchRow]) {
        self.call = call
        self.journal = journal
        self.rows = rows
    }

    var result: Result { state.withLock { $0.result } }

    /// Works with a thread for each of these connections, and returns when all rows have been seen to.
    func run(_ workers: [API]) {
        let group = DispatchGroup()
        for (index, api) in workers.enumerated() {
            nonisolated(unsafe) let api = api  // used by its own queue alone from here on
            DispatchQueue(label: "batch.\(index)").async(group: group) { [self] in
                while let row = next() { unsafe serve(row, api) }
            }
        }
        group.wait()
    }

    private func next() -> BatchRow? {
        state.withLock { state in
            guard state.result.stop == nil, state.next < rows.count else { return nil }
            state.next += 1
            return rows[state.next - 1]
        }
    }

    private func serve(_ row: BatchRow, _ api: API) {
        do throws(CommandFailure) {
            let (key, entry) = journal.entry(row)
            if let done = entry.done {
                let files = try fetch(done.list("images").compactMap(\.string), row, api, onlyMissing: true)
                state.withLock { $0.result.doneBefore += 1 }
                if !files.isEmpty { say(row, "fetched again") }
                return
            }
            try journal.start(row)
            let job = try make(row, key, api)
            guard job["status"]?.string == "succeeded" else { return try failed(row, FinishedJob.reason(of: job)) }
            let images = job.list("images")
            let files = try fetch(images.compactMap { $0["id"]?.string }, row, api, onlyMissing: false)
            try journal.finish(row, job, files: files)
            let cost = (try? MicroUSD(decimal: job["cost_usd"]?.string ?? "")) ?? .zero
            state.withLock { state in
                state.result.made += 1
                state.result.pictures += images.count
                state.result.cost += cost
                state.result.credits += job["credits"]?["charged"]?.int ?? 0
            }
            say(
                row,
                files.isEmpty ? images.map { $0.shown("url") }.joined(separator: " ") : files.joined(separator: " ")
            )
        } catch {
            note(error, row)
        }
    }

    private func failed(_ row: BatchRow, _ why: String) throws(CommandFailure) {
        try journal.fail(row, why)
        state.withLock { $0.result.failures.append((row.line, why)) }
        say(row, why)
    }

    /// A row that nobody answered for stays open under its key, as the job may be there.
    private func note(_ error: CommandFailure, _ row: BatchRow) {
        let why: String
        switch error {
        case .failure(let message), .misuse(let message): why = message
        case .ended: why = "ended"
        }
        state.withLock { $0.result.failures.append((row.line, why)) }
        say(row, why)
    }

    private func say(_ row: BatchRow, _ text: String) {
        let name = row.name.map { " (\($0))" } ?? ""
        Console.error("line \(row.line)\(Shown.line(name)): \(Shown.line(text))")
    }

    // MARK: - One row

    /// The job's end; waits where the server has no room, and tries again where the connection breaks off.
    private func make(_ row: BatchRow, _ key: String, _ api: API) throws(CommandFailure) -> JSON {
        let order = PictureOrder(call, api, GenerateCommand.path, row.fields, isQuiet: true)
        let request = order.request(key: key)
        let end = ContinuousClock.now + Self.patience
        var pause = 1
        while true {
            switch api.outcome(request) {
            case .success(let reply) where reply.isSuccess:
                let job = try api.json(reply)
                guard let id = job["id"]?.string else { throw .failure("\(api.url) answered without a job") }
                let progress = Progress(isQuiet: true)
                return try JobWatch(api: api, id: id, progress: progress, patience: Self.patience).end()
            case .success(let reply):
                guard [409, 429, 503].contains(reply.status), ContinuousClock.now < end, !isReused(reply) else {
                    throw try refused(reply, row, api)
                }
                let asked = reply.header("retry-after").flatMap { Int($0) } ?? pause
                sleep(UInt32(min(max(asked, 1), Self.longestPause)))
            case .failure(let problem):
                guard problem.kind != .other, ContinuousClock.now < end, pause < Self.longestPause else {
                    throw api.failure(problem)
                }
                sleep(UInt32(pause))
            }
            pause *= 2
        }
    }

    private func isReused(_ reply: HTTPReply) -> Bool {
        (try? JSON(parsing: reply.body))?["error"]?["code"]?.string == "idempotency_key_reused"
    }

    /// What a refusal means: for this row, or for all.
    private func refused(_ reply: HTTPReply, _ row: BatchRow, _ api: API) throws(CommandFailure) -> CommandFailure {
        let why = API.message(of: reply, at: api.url)
        if [401, 402, 403].contains(reply.status) {
            state.withLock { $0.result.stop = why }
        }
        try journal.fail(row, why)
        return .failure(why)
    }

    /// Writes the pictures where files are wanted; those that are there already only if asked to.
    private func fetch(
        _ images: [String],
        _ row: BatchRow,
        _ api: API,
        onlyMissing: Bool
    ) throws(CommandFailure) -> [String] {
        guard let directory = call.arguments["output"] else { return [] }
        var files: [String] = []
        for (index, id) in images.enumerated() {
            let name = row.name.map { images.count > 1 ? "\($0)-\(index + 1)" : $0 } ?? id
            if onlyMissing,
                ImageFormat.allCases.contains(where: { isThere("\(directory)/\(name).\($0.fileExtension)") })
            {
                continue
            }
            files.append(try FetchedPicture.image(id, api).save(in: directory, as: name))
        }
        return files
    }

    private func isThere(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }
}
