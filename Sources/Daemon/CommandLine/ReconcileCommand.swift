import CommandLineInterface
import Configuration
import Orchestrator

/// `orchestratord reconcile PROVIDER INVOICE.csv`: our attempts against what a vendor says it charged.
struct ReconcileCommand {
    private let provider: String
    private let file: String
    private let columns: [String: String]
    private let record: OfflineRecord
    private let asJSON: Bool

    init(_ words: ArraySlice<String>, kinds: AdapterKinds, environment: [String: String]) throws(Arguments.Misuse) {
        let names: Set<String> = ["day-column", "amount-column", "item-column"]
        let arguments = try Arguments(words, valued: RecordOptions.flags.union(names), plain: ["json"])
        guard arguments.operands.count == 2 else {
            throw Arguments.Misuse(message: "reconcile takes a provider and a CSV file")
        }
        (provider, file) = (arguments.operands[0], arguments.operands[1])
        var columns: [String: String] = [:]
        for what in ["day", "amount", "item"] { columns[what] = arguments["\(what)-column"] }
        self.columns = columns
        record = OfflineRecord(arguments, kinds: kinds, environment: environment)
        asJSON = arguments.has("json")
    }

    func run() async -> ExitCode {
        let invoice: VendorInvoice
        switch ByteReader.contents(of: .file(path: file, byteCount: 0)) {
        case .failure(let error):
            Console.error("orchestratord: \(file) cannot be read: \(error)")
            return .failure
        case .success(let bytes):
            do throws(VendorInvoice.Fault) {
                invoice = try VendorInvoice(csv: bytes, columns: columns)
            } catch {
                Console.error("orchestratord: \(file): \(error.message)")
                return .failure
            }
        }
        let (provider, asJSON) = (provider, asJSON)
        return await record.use { store async throws(OfflineRecord.Failure) in
            let comparison = try await store.asking { store throws(StoreError) in
                try await InvoiceComparison(of: provider, with: invoice, store)
            }
            Console.out(asJSON ? comparison.body.text : comparison.table)
            guard comparison.unexplained.isEmpty else {
                throw OfflineRecord.Failure(message: "\(comparison.unexplained.count) differences are not explained")
            }
        }
    }
}

extension InvoiceComparison {
    /// Compares the days that the bill is about, with a day on either side for vendors whose day is not UTC's.
    init(of provider: String, with invoice: VendorInvoice, _ store: any Store) async throws(StoreError) {
        let days = invoice.lines.map(\.day)
        let (first, last) = (days.min() ?? Day(number: 0), days.max() ?? Day(number: 0))
        let (from, to) = (first.start, Day(number: last.number + 1).start)
        let columns: [SpendColumn] = [.provider, .model, .day]
        func isOurs(_ group: [String]) -> Bool { group.first == provider }
        var spend = try await store.spend(since: from, until: to, by: columns).filter { isOurs($0.group) }
        var drift = try await store.drift(since: from, until: to, by: columns).filter { isOurs($0.group) }
        for index in spend.indices { spend[index].group.removeFirst() }
        for index in drift.indices { drift[index].group.removeFirst() }
        self.init(provider: provider, spend: spend, drift: drift, invoice: invoice)
    }

    /// For a terminal.
    fileprivate var table: String {
        let lines = rows.map { row in
            "\(row.day)  \(row.item.isEmpty ? "all" : row.item)  ours $\(row.ours)  billed $\(row.billed)  "
                + "\(row.verdict.rawValue): \(row.verdict.explanation)"
        }
        let sum = "\(provider): ours $\(ours) and $\(unresolved) unresolved, billed $\(billed), "
        return (lines + [sum + "\(unexplained.count) differences not explained"]).joined(separator: "\n")
    }
}
