import CommandLineInterface
import Configuration
import Imaging
import Orchestrator
import Persistence
import Transport

/// The running daemon: every part built from options and registry, started together and stopped in reverse order.
final class Daemon: Sendable {
    /// Why the daemon does not start.
    struct StartFailure: Error {
        var messages: [String]

        init(_ message: String) { messages = [message] }
        init(_ messages: [String]) { self.messages = messages }
    }

    /// For what runs when the daemon is told to stop.
    private static let grace = Duration.seconds(30)
    private static let watchInterval = Duration.seconds(1)
    private static let fileThreads = 4

    private let loops: [EventLoop]
    private let files: BlockingPool
    private let record: OpenRecord
    private let storage: any ArtifactStorage
    private let upstream: UpstreamClient
    private let background: BackgroundTasks
    private let server: HTTPServer
    private let service: Service
    private let log: JSONLog
    /// Where clients connect.
    let address: String

    /// Builds every part and binds the address; nothing is served before `run`.
    init(_ options: ServeOptions, kinds: AdapterKinds, environment: [String: String]) async throws(StartFailure) {
        let time = SystemTime()
        log = JSONLog(level: options.logLevel, time: time)
        let source = try Self.registrySource(options, kinds, environment, time)
        let settings = source.current.server
        guard let listen = ListenAddress(settings.listen) else {
            throw StartFailure("server.listen must be HOST:PORT, not '\(settings.listen)'")
        }
        let directory: DataDirectory
        do throws(DataDirectory.Problem) {
            directory = try DataDirectory(options.dataDirectory)
        } catch {
            throw StartFailure(error.message)
        }
        record = try await Self.openRecord(source.current.database, in: directory, log)
        let store = record.store
        let secret = try await Self.secret(source.current.auth, record, directory)
        (loops, files) = try Self.makeThreads()
        upstream = UpstreamClient(
            loops: loops,
            files: files,
            configuration: UpstreamConfiguration(userAgent: "orchestratord/\(Version.text)")
        )
        storage = try Self.openStorage(source.current.storage, in: directory, upstream, time, files)
        let background = BackgroundTasks(on: loops[0])
        self.background = background
        server = HTTPServer(configuration: Self.configuration(listen, time), loops: loops)
        do throws(TransportError) {
            address = listen.url(port: try server.start().port)
        } catch {
            throw StartFailure("cannot listen on \(settings.listen): \(error)")
        }
        let (links, metrics) = (ImageLinks(publicURL: settings.publicURL ?? address, secret: secret), Metrics())
        let webhooks = Self.dispatcher(store, upstream, time, log, links, metrics, source)
        let sealer = Sealer(store: store, time: time, log: log)
        let engine = EngineServices(
            upstream: upstream,
            storage: storage,
            imaging: VipsImaging(),
            store: store,
            time: time,
            health: Health(),
            offloading: PoolOffloading(pool: files),
            log: log,
            news: VendorNews { VendorNewsRoutes.address(for: $0, source.current.server, publicURL: links.publicURL) },
            executor: { EventLoop.current },
            background: { background.submit($0) },
            ended: { job in
                webhooks.ended(job)
                sealer.hint()
            }
        )
        service = Service(
            engine: engine,
            registrySource: source,
            links: links,
            metrics: metrics,
            webhooks: webhooks,
            sealer: sealer,
            requestLog: RequestLog(log: log, time: time),
            spool: Spool(directory: directory.spool, pool: files),
            hasher: try Self.makeHasher(),
            freeSpace: { [files] in (try? await files.run { directory.freeSpace }) ?? nil },
            visitors: Visitors(
                secret: secret,
                store: store,
                time: time,
                publicURL: links.publicURL,
                registry: { source.current }
            ),
            pages: PageFolder(environment: environment),
            signingKeys: SigningKeys(secret: secret)
        )
        try await prepare(options, directory)
    }

    // MARK: - Life

    /// Serves until a signal says stop, then finishes what runs; true when everything ended in time.
    func run(_ signals: ProcessSignals, whenServing: @Sendable (String) -> Void) async throws(StartFailure) -> Bool {
        for loop in loops { loop.start() }
        if let failure = await storageFailure() {
            await upstream.shutDown()
            await close()
            throw failure
        }
        let isClean = await withTaskGroup(of: Bool?.self) { group in
            group.addTask { [self] in
                await server.run(Edge(service: service, routes: Self.routes))
                return nil
            }
            group.addTask { [self] in
                await background.run()
                return nil
            }
            group.addTask(executorPreference: loops[0]) { [self] in
                await service.recovery.run()
                return nil
            }
            group.addTask(executorPreference: loops[0]) { [self] in
                await service.webhooks.run()
                return nil
            }
            group.addTask { [self] in
                await watchFile()
                return nil
            }
            group.addTask { [self] in
                await service.sealer.run()
                return nil
            }
            group.addTask(executorPreference: loops[0]) { [self] in
                await service.desk.run()
                return nil
            }
            group.addTask { [self] in
                await service.grants.run()
                return nil
            }
            group.addTask(executorPreference: loops[0]) { [self] in
                await service.alerts.run()
                return nil
            }
            group.addTask(executorPreference: loops[0]) { [self] in
                await service.sweeper.run()
                return nil
            }
            whenServing(address)
            while let signal = await signals.next() {
                if case .stop = signal { break }
                _ = await service.reload(by: nil)
            }
            let isClean = await stop()
            group.cancelAll()
            return isClean
        }
        await close()
        return isClean
    }

    /// Why nothing can be served: a bucket that is not there, or keys that do not open it.
    private func storageFailure() async -> StartFailure? {
        guard let bucket = storage as? S3Storage else { return nil }
        do throws(ArtifactError) {
            try await bucket.check()
            return nil
        } catch {
            guard case .unreachable(let why) = error else { return StartFailure("cannot use the storage: \(error)") }
            return StartFailure("cannot use the storage: \(why)")
        }
    }

    private func close() async {
        await record.close()
        await storage.close()
        for loop in loops { loop.stop() }
    }

    /// Lets running requests and jobs end, in that order refusing new ones.
    private func stop() async -> Bool {
        log.log(.info, "stopping", [("jobs", "\(service.runner.count)")])
        async let jobs = service.runner.drain(within: Self.grace)
        let isDrained = await server.drain(grace: Self.grace)
        server.stop()
        let haveEnded = await jobs
        await service.sealer.seal()
        background.finish()
        // Tries under way are broken off with the connections, and made again by whoever serves next.
        service.webhooks.stop()
        await upstream.shutDown()
        return isDrained && haveEnded
    }

    /// Reloads when the file has changed, if the file wants it so.
    private func watchFile() async {
        while !Task.isCancelled {
            guard (try? await Task.sleep(for: Self.watchInterval)) != nil else { return }
            guard service.registry.server.watch else { continue }
            let source = service.registrySource
            if (try? await files.run { source.isStale }) == true { _ = await service.reload(by: nil) }
        }
    }

    // MARK: - Building

    private static func openRecord(
        _ database: DatabaseSettings,
        in directory: DataDirectory,
        _ log: JSONLog
    ) async throws(StartFailure) -> OpenRecord {
        do throws(StoreError) {
            var options = SQLiteStore.Options()
            options.wakeups = EventLoop.wakeups
            return try await OpenRecord.open(database, in: directory.path, mayCreate: true, options: options) { why in
                if let why {
                    log.log(.error, "the database cannot be reached", [("why", why)])
                } else {
                    log.log(.info, "the database is back", [])
                }
            }
        } catch {
            throw StartFailure("cannot open the database: \(error)")
        }
    }

    private static func openStorage(
        _ settings: StorageSettings,
        in directory: DataDirectory,
        _ upstream: UpstreamClient,
        _ time: SystemTime,
        _ files: BlockingPool
    ) throws(StartFailure) -> any ArtifactStorage {
        do throws(ArtifactError) {
            switch settings {
            case .filesystem:
                return try FilesystemStorage(directory: directory.artifacts, wakeups: EventLoop.wakeups)
            case .s3(let settings):
                let services = S3Services(
                    upstream: upstream,
                    time: time,
                    offloading: PoolOffloading(pool: files),
                    executor: { EventLoop.current }
                )
                return try S3Storage(settings, scratch: directory.incoming, services: services)
            }
        } catch {
            throw StartFailure("cannot open the picture storage: \(error)")
        }
    }

    /// What signs links and sessions: the file's, or else of the record where daemons share one, so that each accepts the
    /// others' links.
    private static func secret(
        _ settings: AuthSettings,
        _ record: OpenRecord,
        _ directory: DataDirectory
    ) async throws(StartFailure) -> [UInt8] {
        guard record.isShared, settings.sessionSecret == nil, settings.sessionSecretFile == nil else {
            do throws(DataDirectory.Problem) {
                return try directory.sessionSecret(settings)
            } catch {
                throw StartFailure(error.message)
            }
        }
        do throws(StoreError) {
            let text = try await record.store.constant("session.secret", orElse: DataDirectory.newSecret())
            guard let secret = Hex.bytes(text) else { throw .corrupt("the secret that signs links is not in hex") }
            return secret
        } catch {
            throw StartFailure("cannot use the database: \(error)")
        }
    }

    /// One event loop for each processor, and threads for what must not hold a loop up.
    private static func makeThreads() throws(StartFailure) -> ([EventLoop], BlockingPool) {
        do throws(TransportError) {
            try ProcessLimits.raiseDescriptors()
            var loops: [EventLoop] = []
            for index in 0..<ProcessLimits.processors { loops.append(try EventLoop(name: "loop-\(index)")) }
            return (loops, try BlockingPool(name: "files", threads: fileThreads))
        } catch {
            throw StartFailure("\(error)")
        }
    }

    private static func makeHasher() throws(StartFailure) -> PasswordHasher {
        let pool: BlockingPool
        do throws(TransportError) {
            pool = try BlockingPool(
                name: "passwords",
                threads: PasswordHasher.threads,
                queueLimit: PasswordHasher.queue
            )
        } catch {
            throw StartFailure("\(error)")
        }
        return PasswordHasher(pool: pool)
    }

    private static func configuration(_ listen: ListenAddress, _ time: SystemTime) -> HTTPServerConfiguration {
        var configuration = HTTPServerConfiguration()
        configuration.host = listen.host
        configuration.port = listen.port
        configuration.errorResponse = { status, reason in protocolError(status, reason, time) }
        return configuration
    }

    private static func registrySource(
        _ options: ServeOptions,
        _ kinds: AdapterKinds,
        _ environment: [String: String],
        _ time: SystemTime
    ) throws(StartFailure) -> RegistrySource {
        do throws(ConfigurationLoader.Failure) {
            return try RegistrySource(
                path: options.config,
                loader: ConfigurationLoader(kinds: kinds, environment: environment),
                time: time
            ) { registry in
                if let listen = options.listen { registry.server.listen = listen }
                if let publicURL = options.publicURL { registry.server.publicURL = publicURL }
            }
        } catch {
            throw StartFailure(error.errors.map(\.description))
        }
    }

    private static func dispatcher(
        _ store: any Store,
        _ upstream: UpstreamClient,
        _ time: SystemTime,
        _ log: JSONLog,
        _ links: ImageLinks,
        _ metrics: Metrics,
        _ source: RegistrySource
    ) -> WebhookDispatcher {
        WebhookDispatcher(
            WebhookDispatcher.Parts(
                store: store,
                job: { job async throws(StoreError) in try await store.job(job) },
                upstream: upstream,
                time: time,
                log: log,
                sign: { MessageAuthentication.code(for: $0.span, key: $1.span) },
                link: { links.link(to: $0, now: time.now()) },
                allowsPrivateURLs: { source.current.server.allowPrivateURLs },
                count: { metrics.countWebhook(isDelivered: $0) }
            )
        )
    }

    static let routes = RouteTable(
        ImageRoutes.all + ModelRoutes.all + JobRoutes.all + StoredImageRoutes.all + ArchiveRoutes.all
            + AccountRoutes.all + DeviceRoutes.all + SignInRoutes.all + IdentityRoutes.all
            + KeyRoutes.all + SigningKeyRoutes.all + GalleryRoutes.all + CreditRoutes.all + CreditAdminRoutes.all
            + OperationsRoutes.all
            + SpendRoutes.all + PurchaseRoutes.all
            + PaymentWebhookRoutes.all + VendorNewsRoutes.all + ReconcileRoutes.all + AdminUserRoutes.all
            + AuditRoutes.all
            + UsageRoutes.all + PageRoutes.all + DescriptionRoutes.all
    )

    /// Errors that the edge finds before there is a request get the same shape as all others.
    private static func protocolError(_ status: Int, _ reason: String, _ time: SystemTime) -> HTTPResponse {
        let (kind, code): (APIError.Kind, String) =
            switch status {
            case 405: (.invalidRequest, "method_not_allowed")
            case 413, 414, 431: (.invalidRequest, "request_too_large")
            case 503: (.server, "overloaded")
            case 500...: (.server, "internal_error")
            default: (.invalidRequest, "invalid_value")
            }
        var error = APIError(status, kind, code, reason)
        if status == 405 {
            error.headers = [("allow", HTTPMethod.served.map(\.rawValue).joined(separator: ", "))]
        }
        var response = HTTPResponse.error(error, path: "/v1")
        response.headers.append((name: "x-request-id", value: time.makeID(RequestID.self).text))
        return response
    }

    /// Brings the record to where serving can begin: the first administrator.
    private func prepare(_ options: ServeOptions, _ directory: DataDirectory) async throws(StartFailure) {
        for warning in service.registrySource.warnings { log.log(.warning, "configuration", [("what", warning)]) }
        do throws(StoreError) {
            try await FirstAdministrator(store: record.store, time: service.time, directory: directory)
                .ensure(given: options.adminKey)
        } catch {
            throw StartFailure("cannot use the database: \(error)")
        }
    }
}

private struct PoolOffloading: Offloading {
    let pool: BlockingPool

    func run<T: Sendable>(_ work: @escaping @Sendable () -> T) async throws -> T {
        try await pool.run(work)
    }
}
