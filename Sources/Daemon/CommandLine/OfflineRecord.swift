import CommandLineInterface
import Configuration
import Orchestrator

/// Runs what a command does on the record, and prints why where that fails: because a daemon has it open, for one.
struct OfflineRecord: Sendable {
    /// Why a command ends without having done its work.
    struct Failure: Error {
        var message: String
    }

    private let options: RecordOptions
    private let loader: ConfigurationLoader

    init(_ arguments: Arguments, kinds: AdapterKinds, environment: [String: String]) {
        options = RecordOptions(arguments, environment: environment)
        loader = ConfigurationLoader(kinds: kinds, environment: environment)
    }

    /// Of a command that takes nothing but where the record is.
    init(
        _ command: String,
        _ words: ArraySlice<String>,
        kinds: AdapterKinds,
        environment: [String: String]
    ) throws(Arguments.Misuse) {
        let arguments = try Arguments(words, valued: RecordOptions.flags, plain: [])
        guard arguments.operands.isEmpty else { throw Arguments.Misuse(message: "\(command) takes options only") }
        self.init(arguments, kinds: kinds, environment: environment)
    }

    func use(_ body: (any Store) async throws(Failure) -> Void) async -> ExitCode {
        await open { record async throws(Failure) in
            try await body(record.store)
            return .success
        }
    }

    /// The same with the record itself, which need not be there before if it `mayBeNew`.
    func open(
        mayBeNew: Bool = false,
        _ body: (ConfiguredRecord) async throws(Failure) -> ExitCode
    ) async -> ExitCode {
        let record: ConfiguredRecord
        do throws(ConfiguredRecord.Problem) {
            record = try await ConfiguredRecord(options, loader, mayCreate: mayBeNew)
        } catch {
            for line in error.lines { Console.error(line) }
            return .failure
        }
        let code: ExitCode
        do throws(Failure) {
            code = try await body(record)
        } catch {
            Console.error("orchestratord: \(error.message)")
            code = .failure
        }
        await record.close()
        return code
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
