import CCurl
import Glibc
import Orchestrator

/// The upstream connections of one event loop.
@safe final class UpstreamPool: @unchecked Sendable {  // handed to the loop at start, touched by its thread alone then
    /// What the loop knows of a descriptor that libcurl watches.
    private struct Watch {
        /// What it is registered for; empty when it is not.
        var events: EventMask = []
        /// A connection, which libcurl closes through `closeConnection`; others (of the resolver) it closes by itself.
        var isConnection = false
        /// Still registered, though libcurl does not ask for it now.
        var isIdle = false
    }

    /// libcurl's own state must exist before any handle; it is never torn down, as the process ends with it.
    private static let isCurlReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
    private static let spareLimit = 256

    let loop: EventLoop
    let configuration: UpstreamConfiguration
    private var groups: [Origin: OriginGroup] = [:]
    /// For calls that may reach public addresses only. A connection is checked when it is opened, so these calls must
    /// never use one that another call has opened.
    private var publicGroup: OriginGroup?
    private var live: [ObjectIdentifier: Transfer] = [:]
    private var watches: [Watch] = []
    private var spares: [CurlEasy] = []
    private var requests = 0
    private var isClosed = false

    init(loop: EventLoop, configuration: UpstreamConfiguration) {
        precondition(UpstreamPool.isCurlReady, "libcurl cannot start")
        self.loop = loop
        self.configuration = configuration
    }

    // MARK: Calls

    /// Starts a call; its first step, or its end, reaches the task by `Transfer.wait`.
    func start(_ transfer: Transfer) {
        guard !transfer.isOver else { return }
        guard !isClosed else {
            return transfer.end(.failure(UpstreamError(.notConnected, "the transport has been shut down")))
        }
        live[ObjectIdentifier(transfer)] = transfer
        transfer.deadline = loop.schedule(after: transfer.call.timeLimit) { [unowned self] in
            self.stop(transfer, .timeout(sent: transfer.isSent), "the time limit has passed")
        }
        do throws(UpstreamURL.Refusal) {
            request(transfer, try UpstreamURL(transfer.call.request.url))
        } catch {
            finish(transfer, .failure(UpstreamError(.forbiddenAddress, "the address is not used: \(error.message)")))
        }
    }

    /// Ends a call that nobody waits for any more.
    func cancel(_ transfer: Transfer) {
        stop(transfer, .cancelled(sent: transfer.isSent), "cancelled")
    }

    private func stop(_ transfer: Transfer, _ kind: UpstreamError.Kind, _ detail: String) {
        guard !transfer.isOver else { return }
        let multi = transfer.multi
        detach(transfer)
        finish(transfer, .failure(UpstreamError(kind, detail)))
        multi?.runDue()
    }

    private func finish(_ transfer: Transfer, _ result: Result<UpstreamReply?, UpstreamError>) {
        transfer.end(result)
        forget(transfer)
    }

    private func forget(_ transfer: Transfer) {
        if let deadline = transfer.deadline { loop.cancel(deadline) }
        transfer.deadline = nil
        live[ObjectIdentifier(transfer)] = nil
    }

    /// The task's next step; starts or resumes what is needed for it.
    func wait(_ transfer: Transfer, _ continuation: UnsafeContinuation<Transfer.Step, Never>) {
        guard unsafe transfer.wait(continuation), let easy = transfer.easy, let multi = transfer.multi else { return }
        if easy.paused & CURLPAUSE_RECV != 0, transfer.sinksHaveRoom { multi.resume(easy, CURLPAUSE_RECV) }
    }

    /// Bytes of a file that a step asked for; nil when they could not be read.
    func supply(_ transfer: Transfer, _ bytes: [UInt8]?) {
        transfer.supply(bytes)
        if let easy = transfer.easy { transfer.multi?.resume(easy, CURLPAUSE_SEND) }
    }

    /// Looks at the sinks until they have room: they do not tell by themselves.
    func watchSinks(of transfer: Transfer) {
        loop.schedule(after: .milliseconds(1)) { [unowned self] in
            guard let easy = transfer.easy, easy.paused & CURLPAUSE_RECV != 0 else { return }
            if transfer.sinksHaveRoom {
                transfer.multi?.resume(easy, CURLPAUSE_RECV)
            } else {
                self.watchSinks(of: transfer)
            }
        }
    }

    // MARK: Requests

    private func request(_ transfer: Transfer, _ url: UpstreamURL) {
        transfer.begin(at: url)
        if transfer.reach == .publicOnly, let address = url.address, !address.isPublic {
            return finish(transfer, .failure(UpstreamError(.forbiddenAddress, "the address is in no public range")))
        }
        let group = group(for: url.origin, transfer.reach)
        requests += 1
        group.lastUse = requests
        guard let multi = group.shard(), let easy = spares.popLast() ?? CurlEasy(pool: self) else {
            return finish(transfer, .failure(UpstreamError(.notConnected, "out of memory")))
        }
        guard configure(easy, for: transfer, url) else {
            easy.release()
            spares.append(easy)
            let detail = "a header or the credential holds something that no header may"
            return finish(transfer, .failure(UpstreamError(.notConnected, detail)))
        }
        easy.transfer = transfer
        transfer.easy = easy
        transfer.multi = multi
        transfer.group = group
        group.counters.requests += 1
        group.counters.active += 1
        if case .copied(let bytes) = transfer.upload { group.counters.bytesSent += Int64(bytes.count) }
        if !multi.add(easy) {
            recycle(easy, of: transfer)
            finish(transfer, .failure(UpstreamError(.notConnected, "libcurl refuses the request")))
        }
    }

    private func configure(_ easy: CurlEasy, for transfer: Transfer, _ url: UpstreamURL) -> Bool {
        let request = transfer.call.request
        var hasContentType = false
        for (name, value) in request.headers {
            if name.utf8.count == 12, name.lowercased() == "content-type" { hasContentType = true }
            guard easy.addHeader(name, "", value) else { return false }
        }
        if let contentType = transfer.contentType {
            if !hasContentType { guard easy.addHeader("Content-Type", "", contentType) else { return false } }
        } else if request.method == .post || transfer.upload != .none, !hasContentType {
            guard easy.suppressHeader("Content-Type") else { return false }
        }
        if case .streamed = transfer.upload { guard easy.suppressHeader("Expect") else { return false } }
        if let credential = transfer.call.credential?.reveal(), !transfer.isRedirected {
            switch request.authentication {
            case .none: break
            case .header(let name, let prefix):
                guard easy.addHeader(name, prefix, credential) else { return false }
            case .basic:
                let pair = String(decoding: Base64.encode(Array(credential.utf8).span), as: UTF8.self)
                guard easy.addHeader("authorization", "Basic ", pair) else { return false }
            }
        }
        // A proxy would make the connections itself, and nobody would check where to.
        if let proxy = configuration.proxy, transfer.reach == .anywhere { easy.setProxy(proxy) }
        easy.prepare(url: url.text, method: request.method, body: transfer.upload)
        return true
    }

    /// Takes a request that libcurl has ended out of it, and goes on with the call.
    func requestEnded(_ easy: CurlEasy, code: CURLcode) {
        guard let transfer = easy.transfer else { return }
        let detail = code == CURLE_OK ? nil : easy.describe(code)
        let next = code == CURLE_OK && transfer.followsRedirect ? easy.redirectURL : nil
        detach(transfer)
        guard let next else {
            transfer.conclude(detail: detail)
            return forget(transfer)
        }
        do throws(UpstreamError) {
            request(transfer, try transfer.redirect(to: next))
        } catch {
            finish(transfer, .failure(error))
        }
    }

    private func detach(_ transfer: Transfer) {
        guard let easy = transfer.easy else { return }
        transfer.multi?.remove(easy)
        recycle(easy, of: transfer)
    }

    private func recycle(_ easy: CurlEasy, of transfer: Transfer) {
        transfer.group?.counters.active -= 1
        transfer.easy = nil
        transfer.multi = nil
        easy.release()
        if spares.count < UpstreamPool.spareLimit { spares.append(easy) }
    }

    // MARK: Groups

    private func group(for origin: Origin, _ reach: Reach) -> OriginGroup {
        if reach == .publicOnly {
            if let publicGroup { return publicGroup }
            let group = OriginGroup(pool: self, connectionLimit: configuration.publicConnections)
            publicGroup = group
            return group
        }
        if let group = groups[origin] { return group }
        if groups.count >= configuration.originLimit { closeLeastUsed() }
        let standard = origin.isSecure ? configuration.secureConnections : configuration.clearConnections
        let group = OriginGroup(pool: self, connectionLimit: configuration.connections[origin] ?? standard)
        groups[origin] = group
        return group
    }

    private func closeLeastUsed() {
        let idle = groups.filter { $0.value.isIdle }.min { $0.value.lastUse < $1.value.lastUse }
        guard let idle else { return }
        groups[idle.key] = nil
        idle.value.close()
    }

    /// Counts since the start, by origin; calls to public addresses only stand under nil.
    var counters: [Origin?: UpstreamCounters] {
        var result: [Origin?: UpstreamCounters] = [:]
        for (origin, group) in groups { result[origin] = group.counters }
        if let publicGroup { result[Origin?.none] = publicGroup.counters }
        return result
    }

    /// Ends every call and closes every connection; later calls fail.
    func close() {
        isClosed = true
        for transfer in Array(live.values) { stop(transfer, .cancelled(sent: transfer.isSent), "shut down") }
        for group in groups.values { group.close() }
        publicGroup?.close()
        groups = [:]
        publicGroup = nil
        spares = []
    }

    // MARK: Descriptors

    /// Watches a descriptor for libcurl.
    func watch(_ descriptor: Int32, _ events: EventMask, for multi: CurlMulti) {
        grow(to: descriptor)
        let index = Int(descriptor)
        watches[index].isIdle = false
        guard watches[index].events != events else { return }
        if watches[index].events.isEmpty {
            // A descriptor that the kernel refuses leaves its call to the time limit.
            guard loop.register(descriptor, events: events, source: multi) else { return }
        } else {
            loop.update(descriptor, events: events)
        }
        watches[index].events = events
    }

    /// Takes note that libcurl does not ask for a descriptor now.
    ///
    /// A connection stays registered for reading: most are used again at once, and two system calls a request are saved.
    func relax(_ descriptor: Int32) {
        grow(to: descriptor)
        let watch = watches[Int(descriptor)]
        if watch.isConnection, watch.events == .readable {
            watches[Int(descriptor)].isIdle = true
        } else {
            forget(descriptor)
        }
    }

    /// Unregisters an idle connection on which something happened (its end, most often); false when it is not idle.
    func forgetIfIdle(_ descriptor: Int32) -> Bool {
        guard watches[Int(descriptor)].isIdle else { return false }
        forget(descriptor)
        return true
    }

    func connectionOpened(_ descriptor: Int32) {
        grow(to: descriptor)
        watches[Int(descriptor)] = Watch(isConnection: true)
    }

    func closeConnection(_ descriptor: Int32) -> Int32 {
        if loop.isCurrent {
            forget(descriptor)
            watches[Int(descriptor)].isConnection = false
        }
        return Glibc.close(descriptor)
    }

    private func forget(_ descriptor: Int32) {
        let index = Int(descriptor)
        watches[index].isIdle = false
        guard !watches[index].events.isEmpty else { return }
        watches[index].events = []
        loop.unregister(descriptor)
    }

    private func grow(to descriptor: Int32) {
        while watches.count <= Int(descriptor) { watches.append(Watch()) }
    }

    /// Calls a multi once the loop has done what else is ready.
    func nextTurn(_ multi: CurlMulti) {
        let deferred = DeferredTurn(multi: multi)
        loop.execute { deferred.multi.turn() }
    }
}

/// Carries a multi through the loop's own queue.
private struct DeferredTurn: @unchecked Sendable {  // from the loop's thread to the same thread
    let multi: CurlMulti
}
