import CommandLineInterface
import Configuration
import Orchestrator

/// `orchestratord verify-ledger`: computes every balance, hold and link of the chain anew.
struct LedgerCommand {
    private let record: OfflineRecord

    init(_ words: ArraySlice<String>, kinds: AdapterKinds, environment: [String: String]) throws(Arguments.Misuse) {
        record = try OfflineRecord("verify-ledger", words, kinds: kinds, environment: environment)
    }

    func run() async -> ExitCode {
        await record.open { record async throws(OfflineRecord.Failure) in
            let report: LedgerReport
            do throws(StoreError) {
                report = try await record.store.verifyLedger()
            } catch {
                throw OfflineRecord.Failure(message: "the ledger cannot be read: \(error)")
            }
            for problem in report.problems { Console.error(problem) }
            Console.out("\(record.name): \(Self.summary(report))")
            return report.problems.isEmpty ? .success : .failure
        }
    }

    static func summary(_ report: LedgerReport) -> String {
        let verdict = report.problems.isEmpty ? "ok" : "\(report.problems.count) wrong"
        return "\(verdict), \(report.accounts) accounts, \(report.transfers) transfers (\(report.sealed) sealed), "
            + "\(report.openHolds) open holds, \(report.jobs) jobs"
    }
}

/// `orchestratord migrate`: brings the schema of the record up to date.
struct MigrateCommand {
    private let record: OfflineRecord

    init(_ words: ArraySlice<String>, kinds: AdapterKinds, environment: [String: String]) throws(Arguments.Misuse) {
        record = try OfflineRecord("migrate", words, kinds: kinds, environment: environment)
    }

    func run() async -> ExitCode {
        await record.open(mayBeNew: true) { record async throws(OfflineRecord.Failure) in
            Console.out("\(record.name): \(Self.summary(record.schema))")
            return .success
        }
    }

    static func summary(_ schema: (found: Int?, now: Int)) -> String {
        switch schema.found {
        case nil: "made, schema version \(schema.now)"
        case schema.now: "schema version \(schema.now), nothing to do"
        case let found?: "schema version \(found) brought to \(schema.now)"
        }
    }
}
