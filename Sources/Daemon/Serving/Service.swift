import Configuration
import Orchestrator
import Persistence
import Transport

/// Everything that routes share: the registry in force, the engine, the record, and who watches them.
final class Service: RecordReader, Sendable {
    let engine: EngineServices
    let runner: JobRunner
    let recovery: JobRecovery
    let authenticator: Authenticator
    let accounts: Accounts
    let devices: DeviceFlow
    let signIns: SignInFlow
    let keptAnswers: KeptAnswers
    let links: ImageLinks
    let metrics: Metrics
    let webhooks: WebhookDispatcher
    let requestLog: RequestLog
    let registrySource: RegistrySource
    let spool: Spool
    let sealer: Sealer
    let desk: PurchaseDesk
    let grants: GrantKeeper
    let attempts: AttemptWatch
    let alerts: AlertMonitor
    let purchaseLimit = PurchaseLimit(Rate(count: 60, window: .seconds(60)))
    let lookLimit = PurchaseLimit(Rate(count: 120, window: .seconds(60)))
    let sweeper: Sweeper
    let thumbnails: Thumbnails
    let publicPictures = RememberedTotal()
    let visitors: Visitors
    let pages: PageFolder
    let started: Timestamp

    var store: any Store { engine.store }
    var time: any TimeSource { engine.time }
    var health: Health { engine.health }
    var log: any EventLog { engine.log }
    /// The registry in force; a request takes it once and keeps it.
    var registry: Registry { registrySource.current }
    var trustedProxies: [AddressBlock] { registrySource.trustedProxies }

    init(
        engine: EngineServices,
        registrySource: RegistrySource,
        links: ImageLinks,
        metrics: Metrics,
        webhooks: WebhookDispatcher,
        sealer: Sealer,
        requestLog: RequestLog,
        spool: Spool,
        hasher: PasswordHasher,
        freeSpace: @escaping @Sendable () async -> Int64?,
        visitors: Visitors,
        pages: PageFolder,
        signingKeys: SigningKeys
    ) {
        self.engine = engine
        self.registrySource = registrySource
        self.links = links
        self.metrics = metrics
        self.webhooks = webhooks
        self.requestLog = requestLog
        self.spool = spool
        let runner = JobRunner(services: engine)
        self.runner = runner
        recovery = JobRecovery(services: engine, runner: runner) { registrySource.current }
        self.sealer = sealer
        let registry: @Sendable () -> Registry = { registrySource.current }
        desk = Self.desk(engine, registry, publicURL: links.publicURL) { sealer.hint() }
        grants = Self.grants(engine, registry) { sealer.hint() }
        attempts = AttemptWatch(time: engine.time)
        alerts = Self.alerts(engine, registry, attempts, freeSpace: freeSpace)
        thumbnails = Thumbnails(storage: engine.storage, imaging: engine.imaging)
        sweeper = Sweeper(
            store: engine.store,
            storage: engine.storage,
            time: engine.time,
            log: engine.log,
            count: { metrics.countSwept($0) },
            retention: { registrySource.current.retention }
        )
        self.visitors = visitors
        self.pages = pages
        authenticator = Authenticator(
            store: engine.store,
            time: engine.time,
            publicURL: links.publicURL,
            visitors: visitors,
            signingKeys: signingKeys
        ) { registrySource.current.auth.wantsSignatures }
        let accounts = Accounts(store: engine.store, time: engine.time, hasher: hasher)
        self.accounts = accounts
        devices = DeviceFlow(store: engine.store, time: engine.time)
        signIns = SignInFlow(
            store: engine.store,
            time: engine.time,
            upstream: engine.upstream,
            publicURL: links.publicURL
        ) { registrySource.current.server.allowPrivateURLs ? .anywhere : .publicOnly }
        keptAnswers = KeptAnswers(store: engine.store, time: engine.time, log: engine.log) {
            body,
            salt async throws(APIError) in try await accounts.fingerprint(body, salt: salt)
        }
        started = engine.time.now()
    }

    private static func desk(
        _ engine: EngineServices,
        _ registry: @escaping @Sendable () -> Registry,
        publicURL: String,
        moved: @escaping @Sendable () -> Void
    ) -> PurchaseDesk {
        let vendors = PaymentVendors(
            upstream: engine.upstream,
            time: engine.time,
            store: engine.store,
            publicURL: publicURL
        )
        return PurchaseDesk(
            PurchaseDesk.Parts(
                store: engine.store,
                time: engine.time,
                log: engine.log,
                gateway: { vendors.gateway($0, registry()) },
                quote: {
                    let registry = registry()
                    return CreditQuote(registry.billing, mode: registry.server.mode)
                },
                moved: moved
            )
        )
    }

    private static func grants(
        _ engine: EngineServices,
        _ registry: @escaping @Sendable () -> Registry,
        moved: @escaping @Sendable () -> Void
    ) -> GrantKeeper {
        GrantKeeper(
            store: engine.store,
            time: engine.time,
            log: engine.log,
            identity: { SHA256.hex(of: $0.lowercased()) },
            settings: {
                let registry = registry()
                return registry.server.mode == .official ? registry.billing : nil
            },
            moved: moved
        )
    }

    private static func alerts(
        _ engine: EngineServices,
        _ registry: @escaping @Sendable () -> Registry,
        _ attempts: AttemptWatch,
        freeSpace: @escaping @Sendable () async -> Int64?
    ) -> AlertMonitor {
        AlertMonitor(
            AlertMonitor.Parts(
                store: engine.store,
                upstream: engine.upstream,
                time: engine.time,
                log: engine.log,
                registry: registry,
                health: engine.health,
                spend: engine.spend,
                attempts: attempts,
                freeSpace: freeSpace
            )
        )
    }

    /// The absolute link to a stored picture, signed where the picture is private.
    func link(to image: ImageRecord) -> String {
        links.link(to: image, now: time.now())
    }

    /// Counts a job that has ended, for metrics and alerts.
    func count(_ job: JobRecord) {
        metrics.count(job)
        attempts.count(job)
    }
}
