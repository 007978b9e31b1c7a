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

    let store: any Store
    /// Where it is, for people.
    let name: String
    /// The version of its schema before it was opened, and now; nil: there was none.
    let schema: (found: Int?, now: Int)
    private let end: @Sendable () async -> Void

    /// Opens it, and brings its schema up to date. An SQLite file must be there already unless `mayCreate`, and must belong
    /// to no other process.
    init(_ options: RecordOptions, _ loader: ConfigurationLoader, mayCreate: Bool = false) throws(Problem) {
        let registry: Registry
        do throws(ConfigurationLoader.Failure) {
            registry = try loader.loadServable(options.config, today: SystemTime().now().day).registry
        } catch {
            throw Problem(lines: error.errors.map(\.description))
        }
        switch registry.database {
        case .sqlite: try self.init(directory: options.dataDirectory, mayCreate: mayCreate)
        case .postgres: throw Problem("only sqlite is available in this version")
        }
    }

    private init(directory: String, mayCreate: Bool) throws(Problem) {
        do throws(StoreError) {
            let found = try SQLiteStore.schema(in: directory)
            guard found != nil || mayCreate else {
                throw .unavailable("there is no database in '\(directory)'; name its directory by --data-dir")
            }
            if mayCreate {
                do throws(DataDirectory.Problem) {
                    _ = try DataDirectory(directory)
                } catch {
                    throw .unavailable(error.message)
                }
            }
            let opened = try SQLiteStore(directory: directory)
            store = opened
            end = { await opened.close() }
            schema = (found, SQLiteStore.newestSchema)
            name = directory + "/orchestrator.sqlite"
        } catch {
            switch error {
            case .unavailable(let why), .corrupt(let why), .conflict(let why): throw Problem(why)
            }
        }
    }

    func close() async { await end() }
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
