internal import CommandLineInterface
internal import Orchestrator

/// `orchestratorctl generate --batch`: the pictures of a whole file, a few jobs at a time, each paid for once however often
/// the program is started.
struct BatchCommand {
    private let call: Invocation
    private let rows: [BatchRow]
    private let journal: BatchJournal

    private static let usualParallel = 4

    init(_ call: Invocation, file: String, fields: JSONObject) throws(CommandFailure) {
        for option in ["idempotency-key", "no-wait", "previews", "show"]
        where call.arguments[option] != nil || call.arguments.has(option) {
            throw .misuse("--\(option) is not for a batch")
        }
        self.call = call
        guard let bytes = try FileBytes.read(file) else { throw .failure("there is no file '\(file)'") }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .failure("'\(file)' is not UTF-8 text") }
        do throws(CommandFailure) {
            rows = try BatchRow.all(in: try CSVTable(text, names: BatchRow.columns), usual: fields)
        } catch {
            guard case .failure(let message) = error else { throw error }
            throw .failure("'\(file)': \(message)")
        }
        guard !rows.isEmpty else { throw .failure("'\(file)' has no prompts") }
        journal = try BatchJournal(call.arguments["journal"] ?? file + ".journal")
    }

    func run() throws(CommandFailure) {
        let api = try call.api()
        let open = rows.filter { journal.entry($0).entry.done == nil }
        let cost = try BatchCost(open, api)
        Console.error(cost.text(done: rows.count - open.count))
        guard !call.arguments.has("dry-run") else {
            return call.show([
                "rows": .integer(rows.count), "open": .integer(open.count), "cost_usd": .text(cost.amount),
            ]) { [] }
        }
        if let wallet = try Wallet(api), cost.credits > wallet.available, wallet.freeLeft == 0 {
            throw .failure("not enough credits: \(cost.credits) needed, \(wallet.available) available")
        }
        if !open.isEmpty, Terminal.canAsk, !call.arguments.has("yes") {
            guard try Terminal.confirm("start?") else { throw .failure("nothing was started") }
        }
        let parallel = min(call.number("parallel") ?? Self.usualParallel, max(rows.count, 1))
        let work = BatchWork(call: call, journal: journal, rows: rows)
        var workers: [API] = []
        for _ in 0..<parallel { workers.append(try api.another()) }
        work.run(workers)
        try report(work.result)
    }

    private func report(_ result: BatchWork.Result) throws(CommandFailure) {
        let failures = result.failures.sorted { $0.line < $1.line }
        let answer: JSON = [
            "rows": .integer(rows.count), "made": .integer(result.made), "failed": .integer(failures.count),
            "done_before": .integer(result.doneBefore), "pictures": .integer(result.pictures),
            "cost_usd": .text(result.cost), "credits": .integer(result.credits), "journal": .string(journal.path),
            "failures": .array(failures.map { ["line": .integer($0.line), "error": .string($0.why)] }),
        ]
        call.show(answer) {
            var text =
                "\(result.made) of \(rows.count) made now, \(result.doneBefore) before, \(failures.count) failed: "
            text += "\(result.pictures) pictures, $\(result.cost)"
            if result.credits > 0 { text += ", \(result.credits) credits" }
            return [text]
        }
        for failure in failures { Console.error("line \(failure.line): \(failure.why)") }
        if let stop = result.stop { throw .failure("stopped: \(stop)") }
        if !failures.isEmpty {
            Console.error("the same command tries again what failed")
            throw .ended(ExitCode.failure.rawValue)
        }
    }
}

/// What a batch will cost, asked before anything is made.
struct BatchCost {
    private(set) var amount = MicroUSD.zero
    private(set) var credits = 0
    private let pictures: Int
    private let rows: Int

    init(_ rows: [BatchRow], _ api: API) throws(CommandFailure) {
        self.rows = rows.count
        pictures = rows.reduce(0) { $0 + ($1.fields["n"]?.int ?? 1) }
        // Lines that differ in their prompts alone cost the same.
        var groups: [JSONObject: [BatchRow]] = [:]
        for row in rows { groups[row.priceFields, default: []].append(row) }
        for group in groups.values {
            guard let first = group.first else { continue }
            let reply = try api.reply(api.request("POST", "/v1/routes/explain", .object(first.fields), []))
            guard reply.isSuccess else {
                throw .failure("line \(first.line): \(API.message(of: reply, at: api.url))")
            }
            let plan = try api.json(reply)
            guard let cost = plan["cost_usd"]?.string, let price = try? MicroUSD(decimal: cost) else {
                let why = plan.list("excluded").map { $0.shown("reason") }.joined(separator: "; ")
                throw .failure("line \(first.line): nobody can serve this: \(why)")
            }
            guard let sum = price.multiplied(by: group.count) else {
                throw .failure("the batch costs more than can be told")
            }
            amount += sum
            credits += (plan["credits"]?.int ?? 0) * group.count
        }
    }

    func text(done: Int) -> String {
        var text = "\(rows) rows to make, \(pictures) pictures, about $\(amount)"
        if credits > 0 { text += ", at most \(credits) credits" }
        return done > 0 ? text + "; \(done) rows are done already" : text
    }
}
