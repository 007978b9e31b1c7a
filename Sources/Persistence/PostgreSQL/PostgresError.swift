internal import CPostgreSQL
internal import Orchestrator

/// Why a statement failed or a database could not be reached.
struct PostgresError: Error, Sendable {
    enum Kind: Sendable, Hashable {
        /// Nothing was changed; it may work later.
        case unavailable
        /// The connection was lost while the answer was awaited: the change may have happened, and must be looked up.
        case outcomeUnknown
        /// The statement contradicts what is recorded, by the constraint of this name if by one.
        case conflict(constraint: String?)
        /// The server, or this program, finds fault with the statement or its values.
        case refused
        /// A row holds something that no version of this program wrote.
        case unreadable
    }

    var kind: Kind
    /// For callers: no SQL, no address, nothing of the values.
    var message: String
    /// The server's five characters (PostgreSQL manual, appendix A).
    var state: String?
    /// For the log only: what the server or libpq said; without the password.
    var detail: String?

    init(_ kind: Kind, _ message: String, state: String? = nil, detail: String? = nil) {
        self.kind = kind
        self.message = message
        self.state = state
        self.detail = detail
    }

    /// Whether the server undid the transaction for the sake of others, so that it is to be tried again.
    var isSerializationFailure: Bool { state == "40001" || state == "40P01" }

    /// Whether the connection's prepared form of a statement is no longer good, as after a change of the schema.
    var isStalePlan: Bool {
        state == "26000" || (state == "0A000" && detail?.contains("cached plan") == true)
    }

    /// Whether the server does not take changes any more: it has become a standby.
    var isReadOnlyServer: Bool { state == "25006" }

    /// The same for the callers of the store.
    var storeError: StoreError {
        switch kind {
        case .unavailable, .outcomeUnknown, .refused: .unavailable(message)
        case .conflict: .conflict(message)
        case .unreadable: .corrupt(message)
        }
    }
}

extension PostgresError: CustomStringConvertible {
    /// The form for the log and for the operator at start-up.
    var description: String {
        message + (detail.map { ": \($0)" } ?? "")
    }
}

extension PostgresError {
    /// What the server reports by an error result.
    init(result: OpaquePointer) {
        let state = unsafe PostgresError.field(cpostgresql_state, of: result)
        let constraint = unsafe PostgresError.field(cpostgresql_constraint, of: result)
        let report = unsafe PostgresError.field(cpostgresql_message, of: result)
        let kind: Kind
        let message: String
        switch state?.prefix(2) {
        case "23":
            kind = .conflict(constraint: constraint)
            message = "it contradicts what is recorded (\(constraint ?? "a constraint"), SQLSTATE \(state ?? ""))"
        case "OR":  // raised by our own functions, in words that are meant for callers
            kind = .conflict(constraint: nil)
            message = report ?? "it contradicts what is recorded"
        case "40", "53", "55", "57", "58", "08", "25":
            kind = .unavailable
            message = PostgresError.words(for: state ?? "")
        default:
            kind = .refused
            message = "the database refused a statement (SQLSTATE \(state ?? "unknown"))"
        }
        self.init(kind, message, state: state, detail: report)
    }

    private static func words(for state: String) -> String {
        switch state {
        case "53100": "no space is left for the database"
        case "53300": "the database has too many connections"
        case "57014": "the database took too long"
        default: "the database failed (SQLSTATE \(state))"
        }
    }

    private static func field(_ code: CInt, of result: OpaquePointer) -> String? {
        unsafe PQresultErrorField(result, code).map { unsafe String(cString: $0) }
    }
}
