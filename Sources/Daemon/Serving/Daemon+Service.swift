import Imaging
import Orchestrator
import Persistence
import Transport

extension Daemon {
    /// Puts together what routes share.
    static func service(
        over resources: DaemonResources,
        _ background: BackgroundTasks,
        links: ImageLinks,
        secret: [UInt8],
        pages: PageFolder
    ) throws(StartFailure) -> Service {
        let (source, store, time, log) = (resources.source, resources.record.store, resources.time, resources.log)
        let (files, directory) = (resources.files, resources.directory)
        let metrics = Metrics()
        let webhooks = dispatcher(store, resources.upstream, time, log, links, metrics, source)
        let sealer = Sealer(store: store, time: time, log: log)
        let engine = EngineServices(
            upstream: resources.upstream,
            storage: resources.storage,
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
        return Service(
            engine: engine,
            registrySource: source,
            links: links,
            metrics: metrics,
            webhooks: webhooks,
            sealer: sealer,
            requestLog: RequestLog(log: log, time: time),
            spool: Spool(directory: directory.spool, pool: files),
            hasher: try makeHasher(),
            freeSpace: { (try? await files.run { directory.freeSpace }) ?? nil },
            visitors: Visitors(
                secret: secret,
                store: store,
                time: time,
                publicURL: links.publicURL,
                registry: { source.current }
            ),
            pages: pages,
            signingKeys: SigningKeys(secret: secret)
        )
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
}
