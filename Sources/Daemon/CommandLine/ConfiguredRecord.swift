import CommandLineInterface
import Configuration
import Orchestrator
import Persistence

/// The record that a configuration names, opened by a command instead of a daemon.
struct ConfiguredRecord: Sendable {
    /// Why the record cannot be worked on.
    struct Problem: Error {
        var lines: [String]

        init(_ line: String) { lines = ["orchestratord: " + line] }
        init(lines: [String]) { self.lines = lines }
    }

    private let record: OpenRecord
    var store: any Store { record.store }
    /// Where it is, for people.
    var name: String { record.name }
    /// The version of its schema before it was opened, and now; nil: there was none.
    var schema: (found: Int?, now: Int) { record.schema }

    /// Opens it, and brings its schema up to date. It must be there already unless `mayCreate`; an SQLite file must belong to
    /// no other process, while a PostgreSQL database may be in use.
    init(_ options: RecordOptions, _ loader: ConfigurationLoader, mayCreate: Bool = false) async throws(Problem) {
        let database: DatabaseSettings
        do throws(ConfigurationLoader.Failure) {
            database = try loader.load(options.config, today: SystemTime().now().day).registry.database
        } catch {
            throw Problem(lines: error.errors.map(\.description))
        }
        do throws(StoreError) {
            if mayCreate, case .sqlite = database { try Self.makeDirectory(options.dataDirectory) }
            record = try await OpenRecord.open(database, in: options.dataDirectory, mayCreate: mayCreate)
        } catch {
            switch error {
            case .unavailable(let why), .corrupt(let why), .conflict(let why): throw Problem(why)
            }
        }
    }

    private static func makeDirectory(_ path: String) throws(StoreError) {
        do throws(DataDirectory.Problem) {
            _ = try DataDirectory(path)
        } catch {
            throw .unavailable(error.message)
        }
    }

    func close() async { await record.close() }
}

/// What every command on the record takes.
struct RecordOptions: Sendable {
    var config: String
    var dataDirectory: String

    static let flags: Set<String> = ["config", "data-dir"]

    init(_ arguments: Arguments, environment: [String: String]) {
        func value(_ flag: String, _ variable: String) -> String? {
            arguments[flag] ?? environment[variable].flatMap { $0.isEmpty ? nil : $0 }
        }
        config = value("config", "ORCHESTRATOR_CONFIG") ?? "providers.yaml"
        dataDirectory = value("data-dir", "ORCHESTRATOR_DATA_DIR") ?? "data"
    }
}
