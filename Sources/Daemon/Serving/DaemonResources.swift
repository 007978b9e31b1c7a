import CommandLineInterface
import Configuration
import Orchestrator
import Persistence
import Transport

/// What a daemon holds from its start to its end: its registry and record, its directory, pictures, threads, and its
/// connections to vendors.
struct DaemonResources: Sendable {
    private static let fileThreads = 4

    let time: SystemTime
    let log: JSONLog
    let source: RegistrySource
    let directory: DataDirectory
    let record: OpenRecord
    let loops: [EventLoop]
    /// For what must not hold a loop up.
    let files: BlockingPool
    let upstream: UpstreamClient
    let storage: any ArtifactStorage

    /// Opens everything; the loops do not run yet.
    init(
        _ options: ServeOptions,
        kinds: AdapterKinds,
        environment: [String: String]
    ) async throws(Daemon.StartFailure) {
        time = SystemTime()
        log = JSONLog(level: options.logLevel, time: time)
        source = try Self.registrySource(options, kinds, environment, time)
        do throws(DataDirectory.Problem) {
            directory = try DataDirectory(options.dataDirectory)
        } catch {
            throw Daemon.StartFailure(error.message)
        }
        record = try await Self.openRecord(source.current.database, in: directory, log)
        (loops, files) = try Self.makeThreads()
        upstream = UpstreamClient(
            loops: loops,
            files: files,
            configuration: UpstreamConfiguration(userAgent: "orchestratord/\(Version.text)")
        )
        storage = try Self.openStorage(source.current.storage, in: directory, upstream, time, files)
    }

    /// Why nothing can be served: a bucket that is not there, or keys that do not open it.
    func storageFailure() async -> Daemon.StartFailure? {
        guard let bucket = storage as? S3Storage else { return nil }
        do throws(ArtifactError) {
            try await bucket.check()
            return nil
        } catch {
            guard case .unreachable(let why) = error else {
                return Daemon.StartFailure("cannot use the storage: \(error)")
            }
            return Daemon.StartFailure("cannot use the storage: \(why)")
        }
    }

    func close() async {
        await record.close()
        await storage.close()
        for loop in loops { loop.stop() }
    }

    /// What signs links and sessions: the file's, or else of the record where daemons share one, so that each accepts the
    /// others' links.
    func secret() async throws(Daemon.StartFailure) -> [UInt8] {
        let settings = source.current.auth
        guard record.isShared, settings.sessionSecret == nil, settings.sessionSecretFile == nil else {
            do throws(DataDirectory.Problem) {
                return try directory.sessionSecret(settings)
            } catch {
                throw Daemon.StartFailure(error.message)
            }
        }
        do throws(StoreError) {
            let text = try await record.store.constant("session.secret", orElse: DataDirectory.newSecret())
            guard let secret = Hex.bytes(text) else { throw .corrupt("the secret that signs links is not in hex") }
            return secret
        } catch {
            throw Daemon.StartFailure("cannot use the database: \(error)")
        }
    }

    // MARK: - Opening

    private static func registrySource(
        _ options: ServeOptions,
        _ kinds: AdapterKinds,
        _ environment: [String: String],
        _ time: SystemTime
    ) throws(Daemon.StartFailure) -> RegistrySource {
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
            throw Daemon.StartFailure(error.errors.map(\.description))
        }
    }

    private static func openRecord(
        _ database: DatabaseSettings,
        in directory: DataDirectory,
        _ log: JSONLog
    ) async throws(Daemon.StartFailure) -> OpenRecord {
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
            throw Daemon.StartFailure("cannot open the database: \(error)")
        }
    }

    private static func openStorage(
        _ settings: StorageSettings,
        in directory: DataDirectory,
        _ upstream: UpstreamClient,
        _ time: SystemTime,
        _ files: BlockingPool
    ) throws(Daemon.StartFailure) -> any ArtifactStorage {
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
            throw Daemon.StartFailure("cannot open the picture storage: \(error)")
        }
    }

    /// One event loop for each processor, and threads for what must not hold a loop up.
    private static func makeThreads() throws(Daemon.StartFailure) -> ([EventLoop], BlockingPool) {
        do throws(TransportError) {
            try ProcessLimits.raiseDescriptors()
            var loops: [EventLoop] = []
            for index in 0..<ProcessLimits.processors { loops.append(try EventLoop(name: "loop-\(index)")) }
            return (loops, try BlockingPool(name: "files", threads: fileThreads))
        } catch {
            throw Daemon.StartFailure("\(error)")
        }
    }
}

/// Runs work on threads that may block.
struct PoolOffloading: Offloading {
    let pool: BlockingPool

    func run<T: Sendable>(_ work: @escaping @Sendable () -> T) async throws -> T {
        try await pool.run(work)
    }
}
