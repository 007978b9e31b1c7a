import Glibc
import Orchestrator
import Persistence

/// The record as commands open it, while no daemon does.
struct OfflineRecord: Sendable {
    /// Why a command ends without having done its work.
    struct Failure: Error {
        var message: String
    }

    let directory: String

    /// Flags that say where the record is.
    static let flags: Set<String> = ["data-dir"]

    init(_ arguments: Arguments, environment: [String: String]) {
        let variable = environment["ORCHESTRATOR_DATA_DIR"].flatMap { $0.isEmpty ? nil : $0 }
        directory = arguments["data-dir"] ?? variable ?? "data"
    }

    /// Opens the record, runs `body`, and prints why where that fails; another process that has the record open is such a
    /// reason.
    func use(_ body: (any Store) async throws(Failure) -> Void) async -> ExitCode {
        do throws(Failure) {
            let store = try open()
            let outcome: Result<Void, Failure>
            do throws(Failure) {
                outcome = .success(try await body(store))
            } catch {
                outcome = .failure(error)
            }
            await store.close()
            try outcome.get()
            return .success
        } catch {
            Console.error("orchestratord: \(error.message)")
            return .failure
        }
    }

    /// A mistyped directory must not become a new, empty record.
    private func open() throws(Failure) -> SQLiteStore {
        guard unsafe access(directory + "/orchestrator.sqlite", F_OK) == 0 else {
            throw Failure(message: "there is no database in '\(directory)': name its directory with --data-dir")
        }
        do throws(StoreError) {
            return try SQLiteStore(directory: directory)
        } catch {
            throw Failure(error)
        }
    }
}

extension OfflineRecord.Failure {
    init(_ error: StoreError) {
        switch error {
        case .unavailable(let why), .corrupt(let why), .conflict(let why): message = why
        }
    }
}

extension Store {
    /// Runs an operation of the record; what it throws becomes the command's failure.
    func asking<T>(_ body: (any Store) async throws(StoreError) -> T) async throws(OfflineRecord.Failure) -> T {
        do throws(StoreError) {
            return try await body(self)
        } catch {
            throw OfflineRecord.Failure(error)
        }
    }

    /// The account of an e-mail address.
    func account(_ email: String) async throws(OfflineRecord.Failure) -> UserRecord {
        let folded = email.lowercased()
        let found = try await asking { store throws(StoreError) in try await store.credentials(email: folded) }
        guard let user = found?.user else { throw OfflineRecord.Failure(message: "there is no user '\(email)'") }
        return user
    }

    /// Notes in the audit trail what the operator did.
    func note(
        _ action: String,
        _ subject: String,
        _ detail: JSONObject = [:],
        time: any TimeSource
    ) async throws(OfflineRecord.Failure) {
        var detail = detail
        detail["by"] = "command line"
        let entry = AuditEntry(
            id: time.makeID(),
            at: time.now(),
            actor: nil,
            action: action,
            subject: subject,
            detail: detail
        )
        try await asking { store throws(StoreError) in try await store.audit(entry) }
    }
}
