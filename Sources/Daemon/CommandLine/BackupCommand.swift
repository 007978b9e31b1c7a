import CommandLineInterface
import Orchestrator
import Persistence

/// `orchestratord backup FILE` and `orchestratord restore FILE`.
struct BackupCommand {
    enum Direction: String, Sendable {
        case backup, restore
    }

    private let direction: Direction
    private let file: String
    private let dataDirectory: String

    init(
        _ direction: Direction,
        _ words: ArraySlice<String>,
        environment: [String: String]
    ) throws(Arguments.Misuse) {
        let arguments = try Arguments(words, valued: ["data-dir"], plain: [])
        guard arguments.operands.count == 1 else {
            throw Arguments.Misuse(message: "\(direction.rawValue) takes one file")
        }
        self.direction = direction
        file = arguments.operands[0]
        dataDirectory = RecordOptions(arguments, environment: environment).dataDirectory
    }

    func run() async -> ExitCode {
        do throws(StoreError) {
            let backup = Backup(directory: dataDirectory)
            switch direction {
            case .backup: Console.out("\(file): \(Self.text(try backup.write(to: file)))")
            case .restore:
                let summary = try backup.restore(from: file)
                // Opening proves that this release can serve it, and brings its schema up to date.
                let store = try SQLiteStore(directory: dataDirectory)
                await store.close()
                Console.out("\(dataDirectory): \(Self.text(summary))")
            }
            return .success
        } catch {
            switch error {
            case .unavailable(let why), .corrupt(let why), .conflict(let why): Console.error("orchestratord: \(why)")
            }
            return .failure
        }
    }

    private static func text(_ summary: Backup.Summary) -> String {
        "the database and \(summary.pictures) pictures, \(summary.bytes) bytes"
            + (summary.elsewhere == 0
                ? ""
                : "; not in it: \(summary.elsewhere) pictures that are not in this directory (with storage.adapter s3 they "
                    + "are in the bucket)")
    }
}
