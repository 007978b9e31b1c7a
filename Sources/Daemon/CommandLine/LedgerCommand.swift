import CommandLineInterface
import Configuration
import Orchestrator

/// `orchestratord verify-ledger`: computes every balance, hold and link of the chain anew.
struct LedgerCommand {
    private let options: RecordOptions
    private let loader: ConfigurationLoader

    init(_ words: ArraySlice<String>, kinds: AdapterKinds, environment: [String: String]) throws(Arguments.Misuse) {
        let arguments = try Arguments(words, valued: RecordOptions.flags, plain: [])
        guard arguments.operands.isEmpty else { throw Arguments.Misuse(message: "verify-ledger takes options only") }
        options = RecordOptions(arguments, environment: environment)
        loader = ConfigurationLoader(kinds: kinds, environment: environment)
    }

    func run() async -> ExitCode {
        let record: ConfiguredRecord
        do throws(ConfiguredRecord.Problem) {
            record = try await ConfiguredRecord(options, loader)
        } catch {
            for line in error.lines { Console.error(line) }
            return .failure
        }
        let report: Result<LedgerReport, StoreError>
        do throws(StoreError) {
            report = .success(try await record.store.verifyLedger())
        } catch {
            report = .failure(error)
        }
        await record.close()
        switch report {
        case .success(let report):
            for problem in report.problems { Console.error(problem) }
            Console.out("\(record.name): \(Self.summary(report))")
            return report.problems.isEmpty ? .success : .failure
        case .failure(let error):
            Console.error("orchestratord: the ledger cannot be read: \(error)")
            return .failure
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
    private let options: RecordOptions
    private let loader: ConfigurationLoader

    init(_ words: ArraySlice<String>, kinds: AdapterKinds, environment: [String: String]) throws(Arguments.Misuse) {
        let arguments = try Arguments(words, valued: RecordOptions.flags, plain: [])
        guard arguments.operands.isEmpty else { throw Arguments.Misuse(message: "migrate takes options only") }
        options = RecordOptions(arguments, environment: environment)
        loader = ConfigurationLoader(kinds: kinds, environment: environment)
    }

    func run() async -> ExitCode {
        do throws(ConfiguredRecord.Problem) {
            let record = try await ConfiguredRecord(options, loader, mayCreate: true)
            await record.close()
            Console.out("\(record.name): \(Self.summary(record.schema))")
            return .success
        } catch {
            for line in error.lines { Console.error(line) }
            return .failure
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
