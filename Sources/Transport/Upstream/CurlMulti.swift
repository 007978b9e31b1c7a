import CCurl
import CSystem

/// One libcurl multi handle on an event loop: a set of connections and the transfers on them; confined to the loop.
@safe final class CurlMulti: EventSource {
    private let handle: UnsafeMutableRawPointer
    /// Held until `close`: connections know their pool, and the loop holds the multi as long as one of them is watched.
    private let pool: UpstreamPool
    /// Transfers in it.
    private(set) var active = 0
    /// Whether libcurl is at work further up the stack, so that the handle must not be closed.
    private(set) var isRunning = false
    private var isClosed = false
    /// Whether libcurl wants to be called at once.
    private var isDue = false
    private var isTurnRequested = false
    /// When libcurl wants to be called, and the timer that will; it may fire earlier, which costs less than moving it.
    private var wantedTime: UInt64?
    private var timer: (token: TimerToken, time: UInt64)?

    /// Rounds of due work before other sources of the loop get their turn.
    private static let roundsAtOnce = 4

    /// Nil when memory is out. `hostConnections` and `totalConnections` are at least 1.
    init?(pool: UpstreamPool, hostConnections: Int, totalConnections: Int) {
        guard let handle = unsafe curl_multi_init() else { return nil }
        unsafe self.handle = handle
        self.pool = pool
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe ccurl_multi_set_callbacks(handle, watchSocket, moveTimer, context)
        unsafe ccurl_multi_set_long(handle, CURLMOPT_MAX_HOST_CONNECTIONS, hostConnections)
        unsafe ccurl_multi_set_long(handle, CURLMOPT_MAXCONNECTS, totalConnections)
        unsafe ccurl_multi_set_long(handle, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
    }

    deinit {
        assert(isClosed, "only a closed multi may go: libcurl would call back an object that is no more")
    }

    /// Closes all connections; the transfers must have been removed. A closed one is of no use any more.
    func close() {
        guard !isClosed else { return }
        precondition(active == 0 && !isRunning)
        isClosed = true
        unsafe curl_multi_cleanup(handle)
        if let timer { pool.loop.cancel(timer.token) }
        timer = nil
    }

    // MARK: Transfers

    /// Starts a transfer; false when libcurl refuses it.
    func add(_ easy: CurlEasy) -> Bool {
        var code = CURLM_OK
        run { unsafe code = curl_multi_add_handle(handle, easy.handle) }
        guard code == CURLM_OK else { return false }
        active += 1
        runDue()
        return true
    }

    /// Takes a transfer out, whatever its state; a connection in the middle of something is closed.
    ///
    /// Transfers that waited for that connection move on only with the next `runDue`.
    func remove(_ easy: CurlEasy) {
        run { unsafe _ = curl_multi_remove_handle(handle, easy.handle) }
        active -= 1
    }

    /// Lets a halted direction of a transfer go on.
    func resume(_ easy: CurlEasy, _ direction: Int32) {
        run { easy.resume(direction) }
        finishTransfers()
        runDue()
    }

    // MARK: The loop's side

    func ready(_ descriptor: Int32, _ events: EventMask) {
        if pool.forgetIfIdle(descriptor) { return }
        var bits: Int32 = 0
        if events.contains(.readable) { bits |= CURL_CSELECT_IN }
        if events.contains(.writable) { bits |= CURL_CSELECT_OUT }
        // The error itself comes out of the next recv.
        if events.contains(.hungUp) || events.contains(.failed) { bits |= CURL_CSELECT_IN }
        act(on: descriptor, bits)
        runDue()
    }

    private func act(on descriptor: curl_socket_t, _ bits: Int32) {
        run {
            var running: Int32 = 0
            unsafe curl_multi_socket_action(handle, descriptor, bits, &running)
        }
        finishTransfers()
    }

    private func run(_ body: () -> Void) {
        let wasRunning = isRunning
        isRunning = true
        body()
        isRunning = wasRunning
    }

    /// Does what libcurl wants done at once; what is left after some rounds waits for the loop's next step.
    func runDue() {
        if isRunning { return }
        for _ in 0..<CurlMulti.roundsAtOnce where isDue && !isClosed {
            isDue = false
            act(on: CURL_SOCKET_TIMEOUT, 0)
        }
        guard isDue, !isTurnRequested, !isClosed else { return }
        isTurnRequested = true
        pool.nextTurn(self)
    }

    /// The step that `runDue` asked for.
    func turn() {
        isTurnRequested = false
        runDue()
    }

    /// Hands ended transfers to the pool, which may start others here meanwhile.
    private func finishTransfers() {
        if isRunning { return }
        var left: Int32 = 0
        while !isClosed, let message = unsafe curl_multi_info_read(handle, &left) {
            guard unsafe message.pointee.msg == CURLMSG_DONE, let handle = unsafe message.pointee.easy_handle,
                let context = unsafe ccurl_private(handle)
            else { continue }
            let code = unsafe ccurl_message_result(message)
            let easy = unsafe Unmanaged<CurlEasy>.fromOpaque(context).takeUnretainedValue()
            pool.requestEnded(easy, code: code)
        }
    }

    // MARK: libcurl's side

    fileprivate func watch(_ descriptor: Int32, _ what: Int32) {
        switch what {
        case CURL_POLL_IN: pool.watch(descriptor, .readable, for: self)
        case CURL_POLL_OUT: pool.watch(descriptor, .writable, for: self)
        case CURL_POLL_INOUT: pool.watch(descriptor, [.readable, .writable], for: self)
        default: pool.relax(descriptor)  // CURL_POLL_NONE, CURL_POLL_REMOVE
        }
    }

    /// The manual forbids to act from within the callback, so a time of 0 is only noted.
    fileprivate func setTimer(milliseconds: Int) {
        isDue = milliseconds == 0
        guard milliseconds > 0 else {
            wantedTime = nil
            if isDue, !isRunning, !isTurnRequested, !isClosed {
                isTurnRequested = true
                pool.nextTurn(self)
            }
            return
        }
        let time = system_monotonic_ns() &+ UInt64(milliseconds) * 1_000_000
        wantedTime = time
        if let timer, timer.time <= time { return }
        if let timer { pool.loop.cancel(timer.token) }
        arm(after: .milliseconds(milliseconds), time: time)
    }

    private func arm(after delay: Duration, time: UInt64) {
        timer = (pool.loop.schedule(after: delay) { [weak self] in self?.timerFired() }, time)
    }

    private func timerFired() {
        timer = nil
        guard let wanted = wantedTime else { return }
        let now = system_monotonic_ns()
        if wanted > now {
            arm(after: .nanoseconds(Int64(wanted - now)), time: wanted)
        } else {
            wantedTime = nil
            act(on: CURL_SOCKET_TIMEOUT, 0)
            runDue()
        }
    }
}

// MARK: - Callbacks

private func multi(_ context: UnsafeMutableRawPointer) -> CurlMulti {
    unsafe Unmanaged<CurlMulti>.fromOpaque(context).takeUnretainedValue()
}

private func watchSocket(
    _ easy: UnsafeMutableRawPointer?,
    _ descriptor: curl_socket_t,
    _ what: Int32,
    _ context: UnsafeMutableRawPointer?,
    _ socketContext: UnsafeMutableRawPointer?
) -> Int32 {
    if let context = unsafe context { unsafe multi(context).watch(descriptor, what) }
    return 0
}

private func moveTimer(
    _ handle: UnsafeMutableRawPointer?,
    _ milliseconds: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int32 {
    if let context = unsafe context { unsafe multi(context).setTimer(milliseconds: milliseconds) }
    return 0
}
