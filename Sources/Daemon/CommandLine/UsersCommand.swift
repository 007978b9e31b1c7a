import CommandLineInterface
import Configuration
import Orchestrator

/// `orchestratord users list|grant|revoke`: who has an account, and who administers.
struct UsersCommand {
    private enum Act: Sendable {
        case list
        case grant(String)
        case revoke(String)
    }

    private let act: Act
    private let record: OfflineRecord
    private let asJSON: Bool

    init(_ words: ArraySlice<String>, kinds: AdapterKinds, environment: [String: String]) throws(Arguments.Misuse) {
        let arguments = try Arguments(words, valued: RecordOptions.flags, plain: ["json"])
        let operands = arguments.operands
        switch (operands.first, operands.count) {
        case ("list", 1): act = .list
        case ("grant", 2): act = .grant(operands[1])
        case ("revoke", 2): act = .revoke(operands[1])
        case ("grant", _), ("revoke", _):
            throw Arguments.Misuse(message: "users \(operands[0]) takes one e-mail address")
        default: throw Arguments.Misuse(message: "users takes list, grant EMAIL or revoke EMAIL")
        }
        record = OfflineRecord(arguments, kinds: kinds, environment: environment)
        asJSON = arguments.has("json")
    }

    func run() async -> ExitCode {
        let (act, asJSON, time) = (act, asJSON, SystemTime())
        return await record.use { store async throws(OfflineRecord.Failure) in
            switch act {
            case .list: try await Self.list(store, asJSON: asJSON)
            case .grant(let email): try await Self.set(true, email, store, asJSON: asJSON, time: time)
            case .revoke(let email): try await Self.set(false, email, store, asJSON: asJSON, time: time)
            }
        }
    }

    private static func list(_ store: any Store, asJSON: Bool) async throws(OfflineRecord.Failure) {
        let pageSize = 100
        var after: UserID?
        var page: [UserRecord]
        repeat {
            let last = after
            page = try await store.asking { store throws(StoreError) in
                try await store.users(after: last, limit: pageSize)
            }
            for user in page { show(user, asJSON: asJSON) }
            after = page.last?.id
        } while page.count == pageSize
    }

    private static func set(
        _ isAdmin: Bool,
        _ email: String,
        _ store: any Store,
        asJSON: Bool,
        time: SystemTime
    ) async throws(OfflineRecord.Failure) {
        var user = try await store.account(email)
        let id = user.id
        _ = try await store.asking { store throws(StoreError) in try await store.setAdmin(isAdmin, of: id) }
        user.isAdmin = isAdmin
        try await store.note(isAdmin ? "user.grant" : "user.revoke", id.text, time: time)
        show(user, asJSON: asJSON)
    }

    private static func show(_ user: UserRecord, asJSON: Bool) {
        if asJSON {
            Console.out(JSON.object(UserAnswer.body(of: user)).text)
        } else {
            Console.out("\(user.id)  \(user.created)  \(user.isAdmin ? "admin" : "user ")  \(user.email)")
        }
    }
}
