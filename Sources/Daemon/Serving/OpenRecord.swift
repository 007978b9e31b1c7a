import Orchestrator
import Persistence
import Transport

/// What whoever opened a record does with it besides the store's operations.
protocol RecordOwner: Sendable {
    /// The value kept under a name, which is `value` if there was none.
    func constant(_ name: String, orElse value: String) async throws(StoreError) -> String
    /// Finishes what waits, and gives the record free.
    func close() async
}

extension SQLiteStore: RecordOwner {}
extension PostgresStore: RecordOwner {}

/// The durable record that a configuration names, open.
struct OpenRecord: Sendable {
    let store: any Store & RecordOwner
    /// Where it is, for people.
    let name: String
    /// The version of its schema before it was opened, and now; nil: there was none.
    let schema: (found: Int?, now: Int)
    /// That of a PostgreSQL database's connections.
    private let loop: EventLoop?

    /// Whether other daemons, with directories of their own, may have it open as well.
    var isShared: Bool { loop != nil }

    /// Opens it, and brings its schema up to date. It must be there already unless `mayCreate`; an SQLite file must belong to
    /// no other process. `report` is told when a server goes away, with the reason, and when it is back, with nil.
    static func open(
        _ database: DatabaseSettings,
        in directory: String,
        mayCreate: Bool,
        options: SQLiteStore.Options = SQLiteStore.Options(),
        report: @escaping @Sendable (String?) -> Void = { _ in }
    ) async throws(StoreError) -> OpenRecord {
        switch database {
        case .sqlite: try OpenRecord(directory, options, mayCreate)
        case .postgres(let url): try await OpenRecord(url, mayCreate, report)
        }
    }

    private init(_ directory: String, _ options: SQLiteStore.Options, _ mayCreate: Bool) throws(StoreError) {
        let found = try SQLiteStore.schema(in: directory)
        guard found != nil || mayCreate else {
            throw .unavailable("there is no database in '\(directory)'; name its directory by --data-dir")
        }
        store = try SQLiteStore(directory: directory, options: options)
        schema = (found, SQLiteStore.newestSchema)
        name = directory + "/orchestrator.sqlite"
        loop = nil
    }

    private init(_ url: Secret, _ mayCreate: Bool, _ report: @escaping @Sendable (String?) -> Void)
        async throws(StoreError)
    {
        let loop: EventLoop
        do throws(TransportError) {
            loop = try EventLoop(name: "database")
        } catch {
            throw .unavailable("no event loop for the database: \(error)")
        }
        loop.start()
        do throws(StoreError) {
            let opened = try await PostgresStore.open(
                url: url.reveal(),
                on: loop,
                mayCreate: mayCreate,
                report: report
            )
            (store, schema, name) = (opened, opened.schema, opened.place)
        } catch {
            loop.stop()
            throw error
        }
        self.loop = loop
    }

    func close() async {
        await store.close()
        loop?.stop()
    }
}
