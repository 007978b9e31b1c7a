/// Every effect that the engine has on the world, passed in as one object: it goes along with every call, and copying a
/// dozen references each time would cost more than some of the calls.
package final class EngineServices: Sendable {
    package let upstream: any Upstream
    package let storage: any ArtifactStorage
    package let imaging: any Imaging
    package let store: any Store
    package let time: any TimeSource
    package let health: Health
    package let spend: SpendView
    /// What vendors announce of their own accord.
    package let news: VendorNews
    package let offloading: any Offloading
    package let log: any EventLog
    /// The executor on which a job begun now shall run: its caller's event loop.
    package let executor: @Sendable () -> (any TaskExecutor)?
    /// Runs what nobody waits for, such as a vendor's cancel call, until it ends or the process stops.
    package let background: @Sendable (@escaping @Sendable () async -> Void) -> Void
    /// Told of each job whose end is on record.
    package let ended: @Sendable (JobID) -> Void

    package init(
        upstream: any Upstream,
        storage: any ArtifactStorage,
        imaging: any Imaging,
        store: any Store,
        time: any TimeSource,
        health: Health,
        offloading: any Offloading,
        log: any EventLog,
        news: VendorNews = VendorNews(),
        executor: @escaping @Sendable () -> (any TaskExecutor)?,
        background: @escaping @Sendable (@escaping @Sendable () async -> Void) -> Void,
        ended: @escaping @Sendable (JobID) -> Void = { _ in }
    ) {
        self.upstream = upstream
        self.storage = storage
        self.imaging = imaging
        self.store = store
        self.time = time
        self.health = health
        spend = SpendView(store: store, time: time)
        self.offloading = offloading
        self.log = log
        self.news = news
        self.executor = executor
        self.background = background
        self.ended = ended
    }
}

/// Runs work that keeps a thread busy, on threads that may be kept busy.
package protocol Offloading: Sendable {
    func run<T: Sendable>(_ work: @escaping @Sendable () -> T) async throws -> T
}

/// Takes the daemon's log: constant messages, values beside them.
package protocol EventLog: Sendable {
    func log(_ level: LogLevel, _ message: StaticString, _ fields: [(StaticString, String)])
}

package enum LogLevel: String, Sendable, CaseIterable, Comparable {
    case debug, info, warning, error

    package static func < (a: LogLevel, b: LogLevel) -> Bool {
        a.order < b.order
    }

    private var order: Int {
        switch self {
        case .debug: 0
        case .info: 1
        case .warning: 2
        case .error: 3
        }
    }
}
