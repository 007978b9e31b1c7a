import CommandLineInterface
import Configuration
import Orchestrator

/// `orchestratord keys list|create|revoke`: the keys of one user.
struct KeysCommand {
    private enum Act: Sendable {
        case list(String)
        case create(String, KeyTerms)
        case revoke(String, KeyID)
    }

    private static let limits = [
        "name": "name", "expires-at": "expires_at", "spend-per-day": "spend_per_day", "rate": "rate",
    ]

    private let act: Act
    private let record: OfflineRecord
    private let asJSON: Bool

    init(_ words: ArraySlice<String>, kinds: AdapterKinds, environment: [String: String]) throws(Arguments.Misuse) {
        let arguments = try Arguments(
            words,
            valued: RecordOptions.flags.union(Self.limits.keys).union(["scopes", "policy"]),
            plain: ["json"]
        )
        let operands = arguments.operands
        switch (operands.first, operands.count) {
        case ("list", 2): act = .list(operands[1])
        case ("create", 2): act = .create(operands[1], try Self.terms(arguments))
        case ("revoke", 3):
            guard let id = KeyID(operands[2]) else {
                throw Arguments.Misuse(message: "'\(operands[2])' is no key's id: keys list EMAIL shows them")
            }
            act = .revoke(operands[1], id)
        default: throw Arguments.Misuse(message: "keys takes list EMAIL, create EMAIL or revoke EMAIL KEY_ID")
        }
        record = OfflineRecord(arguments, kinds: kinds, environment: environment)
        asJSON = arguments.has("json")
    }

    /// Reads the flags as the fields of `POST /v1/keys`, which they are.
    private static func terms(_ arguments: Arguments) throws(Arguments.Misuse) -> KeyTerms {
        var fields: JSONObject = [:]
        for (flag, field) in limits { fields[field] = arguments[flag].map(JSON.string) }
        fields["policy"] = arguments["policy"].map(JSON.string)
        fields["scopes"] = arguments["scopes"].map { scopes in
            .array(scopes.split(separator: ",").map { .string(String($0)) })
        }
        // Which policies exist, the file says, and it may change before the key is used.
        let policies = Set(arguments["policy"].map { [$0] } ?? [])
        do throws(APIError) {
            return try KeyTerms(FieldReader(fields), policies: policies, now: SystemTime().now())
        } catch {
            throw Arguments.Misuse(message: error.message)
        }
    }

    func run() async -> ExitCode {
        let (act, asJSON, time) = (act, asJSON, SystemTime())
        return await record.use { store async throws(OfflineRecord.Failure) in
            switch act {
            case .list(let email):
                let owner = try await store.account(email).id
                let keys = try await store.asking { store throws(StoreError) in try await store.keys(of: owner) }
                for key in keys { Self.show(key, asJSON: asJSON) }
            case .create(let email, let terms):
                try await Self.create(email, terms, store, asJSON: asJSON, time: time)
            case .revoke(let email, let id):
                let owner = try await store.account(email).id
                let isRevoked = try await store.asking { store throws(StoreError) in
                    try await store.revokeKey(id, owner: owner, now: time.now())
                }
                guard isRevoked else {
                    throw OfflineRecord.Failure(message: "'\(email)' has no key '\(id)' that is not revoked")
                }
                try await store.note("key.revoke", id.text, time: time)
                Console.out("\(id) is revoked")
            }
        }
    }

    private static func create(
        _ email: String,
        _ terms: KeyTerms,
        _ store: any Store,
        asJSON: Bool,
        time: SystemTime
    ) async throws(OfflineRecord.Failure) {
        let owner = try await store.account(email)
        guard !terms.scopes.contains(.admin) || owner.isAdmin else {
            throw OfflineRecord.Failure(message: "the scope 'admin' is for administrators, and '\(email)' is none")
        }
        let (text, record) = NewKey.make(owner: owner.id, name: terms.name, time: time)
        let key = terms.applied(to: record)
        try await store.asking { store throws(StoreError) in try await store.addKey(key) }
        var body = KeyAnswer.body(of: key)
        try await store.note("key.create", key.id.text, ["owner": .string(owner.id.text)], time: time)
        body[KeyAnswer.text] = .string(text)
        Console.out(asJSON ? JSON.object(body).text : text)
    }

    private static func show(_ key: KeyRecord, asJSON: Bool) {
        guard !asJSON else { return Console.out(JSON.object(KeyAnswer.body(of: key)).text) }
        let now = SystemTime().now()
        let isExpired = key.expires.map { $0 <= now } ?? false
        let state = key.revoked != nil ? "revoked" : isExpired ? "expired" : "good   "
        let scopes = key.scopes.isEmpty ? "all" : key.scopes.joined(separator: ",")
        Console.out("\(key.id)  \(key.prefix)…  \(state)  \(scopes)  \(key.name)")
    }
}
