import Configuration
import Orchestrator
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

    private let resources: DaemonResources
    private let background: BackgroundTasks
    private let server: HTTPServer
    private let service: Service
    /// Where clients connect.
    let address: String

    /// Builds every part and binds the address; nothing is served before `run`.
    init(_ options: ServeOptions, kinds: AdapterKinds, environment: [String: String]) async throws(StartFailure) {
        resources = try await DaemonResources(options, kinds: kinds, environment: environment)
        background = BackgroundTasks(on: resources.loops[0])
        let settings = resources.source.current.server
        guard let listen = ListenAddress(settings.listen) else {
            throw StartFailure("server.listen must be HOST:PORT, not '\(settings.listen)'")
        }
        let secret = try await resources.secret()
        server = HTTPServer(configuration: Self.configuration(listen, resources.time), loops: resources.loops)
        do throws(TransportError) {
            address = listen.url(port: try server.start().port)
        } catch {
            throw StartFailure("cannot listen on \(settings.listen): \(error)")
        }
        service = try Self.service(
            over: resources,
            background,
            links: ImageLinks(publicURL: settings.publicURL ?? address, secret: secret),
            secret: secret,
            pages: PageFolder(environment: environment)
        )
        try await prepare(options)
    }

    // MARK: - Life

    /// Serves until a signal says stop, then finishes what runs; true when everything ended in time.
    func run(_ signals: ProcessSignals, whenServing: @Sendable (String) -> Void) async throws(StartFailure) -> Bool {
        for loop in resources.loops { loop.start() }
        if let failure = await resources.storageFailure() {
            await resources.upstream.shutDown()
            await resources.close()
            throw failure
        }
        let isClean = await withTaskGroup(of: Bool?.self) { group in
            let (service, server, background) = (service, server, background)
            let parts: [@Sendable () async -> Void] = [
                { await server.run(Edge(service: service, routes: Self.routes)) }, { await background.run() },
                { [self] in await watchFile() }, { await service.sealer.run() }, { await service.grants.run() },
            ]
            for part in parts {
                group.addTask {
                    await part()
                    return nil
                }
            }
            let partsOnLoop: [@Sendable () async -> Void] = [
                { await service.recovery.run() }, { await service.webhooks.run() }, { await service.desk.run() },
                { await service.alerts.run() }, { await service.sweeper.run() },
            ]
            for part in partsOnLoop {
                group.addTask(executorPreference: resources.loops[0]) {
                    await part()
                    return nil
                }
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
        await resources.close()
        return isClean
    }

    /// Lets running requests and jobs end, in that order refusing new ones.
    private func stop() async -> Bool {
        service.log.log(.info, "stopping", [("jobs", "\(service.runner.count)")])
        async let jobs = service.runner.drain(within: Self.grace)
        let isDrained = await server.drain(grace: Self.grace)
        server.stop()
        let haveEnded = await jobs
        await service.sealer.seal()
        background.finish()
        // Tries under way are broken off with the connections, and made again by whoever serves next.
        service.webhooks.stop()
        await resources.upstream.shutDown()
        return isDrained && haveEnded
    }

    /// Reloads when the file has changed, if the file wants it so.
    private func watchFile() async {
        while !Task.isCancelled {
            guard (try? await Task.sleep(for: Self.watchInterval)) != nil else { return }
            guard service.registry.server.watch else { continue }
            let source = service.registrySource
            if (try? await resources.files.run { source.isStale }) == true { _ = await service.reload(by: nil) }
        }
    }

    // MARK: - Building

    private static func configuration(_ listen: ListenAddress, _ time: SystemTime) -> HTTPServerConfiguration {
        var configuration = HTTPServerConfiguration()
        configuration.host = listen.host
        configuration.port = listen.port
        configuration.errorResponse = { status, reason in protocolError(status, reason, time) }
        return configuration
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
    private func prepare(_ options: ServeOptions) async throws(StartFailure) {
        for warning in service.registrySource.warnings {
            service.log.log(.warning, "configuration", [("what", warning)])
        }
        do throws(StoreError) {
            try await FirstAdministrator(store: service.store, time: service.time, directory: resources.directory)
                .ensure(given: options.adminKey)
        } catch {
            throw StartFailure("cannot use the database: \(error)")
        }
    }
}
