import Orchestrator
import CSystem
import Glibc
import Synchronization

/// One client's connection: its socket, what has been read ahead, what waits to be written, and its deadlines.
///
/// ``serve(_:)`` is the connection's task. It and everything else here run on the loop's thread; the exceptions are
/// `hasHungUp`, an atomic, and `hangUps`, a lock.
final class Connection: EventSource, @unchecked Sendable {  // confined to the loop's thread
    /// How a wait for the client ended.
    enum Wait {
        case ready
        case timedOut
        /// The connection is gone.
        case closed
    }

    enum Phase {
        /// Nothing of a next request has arrived.
        case idle
        /// From a request's first byte until it is answered.
        case busy
        case closed
    }

    /// What of the current request's body is still to come.
    enum BodyState {
        case length(Int64)
        case chunked
        case complete
        case failed(BodyError)
    }

    private struct HangUps {
        /// The last request that has been answered; requests count from 1.
        var answered: UInt64 = 0
        /// Of the request in work, made when somebody waits.
        var gate: Gate?
    }

    /// The place of the one task that may wait in one direction; `deadline` is in the loop's nanoseconds.
    @safe private struct Waiter {
        private var continuation: UnsafeContinuation<Wait, Never>?
        private(set) var deadline = UInt64.max

        var isTaken: Bool { unsafe continuation != nil }

        mutating func take(_ continuation: UnsafeContinuation<Wait, Never>, deadline: UInt64) {
            unsafe self.continuation = unsafe continuation
            self.deadline = deadline
        }

        mutating func wake(_ outcome: Wait) {
            guard let waiting = unsafe continuation else { return }
            unsafe continuation = nil
            deadline = .max
            unsafe waiting.resume(returning: outcome)
        }
    }

    let loop: EventLoop
    let listener: Listener
    let peer: PeerAddress
    var configuration: HTTPServerConfiguration { listener.configuration }

    private(set) var descriptor: Int32
    var phase = Phase.idle
    var closesAfterResponse = false
    /// Whether unread input may be in the way of a clean close.
    var mustLinger = false

    // Input.
    var parser: HeadParser
    /// Bytes that were read and not used: a head that is not complete, or what follows one.
    var input: [UInt8] = []
    var mayRead = true
    var body = BodyState.complete
    /// Of the streamed response in work: what its producer has written, and how much it may write.
    var streamedBytes: Int64 = 0
    var streamLimit = Int64.max
    var mustSendContinue = false
    var framingBytes = 0
    var inputPace: Pace
    /// Counts the requests; a body of an earlier one cannot be read.
    var request: UInt64 = 0

    // Output.
    var output: [UInt8] = []
    var outputStart = 0
    var mayWrite = true
    var outputPace: Pace

    private var reader = Waiter()
    private var writer = Waiter()
    private var timer: TimerToken?
    private var timerDeadline = UInt64.max
    private let hasHungUp = Atomic(false)
    private let hangUps = Lock(HangUps())

    init(descriptor: Int32, peer: PeerAddress, listener: Listener) {
        self.descriptor = descriptor
        self.peer = peer
        self.listener = listener
        loop = listener.loop
        let limits = listener.configuration
        parser = HeadParser(maxTargetBytes: limits.maxTargetBytes, maxHeaderBytes: limits.maxHeaderBytes)
        inputPace = Pace(timeout: limits.bodyTimeout, minimumRate: limits.minimumRate)
        outputPace = Pace(timeout: limits.writeTimeout, minimumRate: limits.minimumRate)
    }

    deinit {
        if descriptor >= 0 { Glibc.close(descriptor) }
    }

    // MARK: Life

    /// Answers the requests of this connection, one after the other, until it ends.
    @concurrent func serve(_ handler: any HTTPHandler) async {
        guard
            loop.register(
                descriptor,
                events: [.readable, .writable, .peerClosed, .edgeTriggered],
                source: self
            )
        else { return abort() }
        do throws(Rejection) {
            while let request = try await nextRequest() {
                listener.counters.requests.add(1)
                let response = await handler.respond(to: request)
                let goesOn = await send(response, to: request)
                finish(request: request.body.request)
                guard goesOn, await skipBody() else { break }
            }
        } catch {
            await reject(error)
        }
        await closeGracefully()
    }

    /// Ends the connection at once; every wait on it returns `closed`.
    func abort() {
        guard phase != .closed else { return }
        phase = .closed
        hasHungUp.store(true, ordering: .releasing)
        if let timer { loop.cancel(timer) }
        timer = nil
        loop.unregister(descriptor)
        Glibc.close(descriptor)
        descriptor = -1
        output = []
        outputStart = 0
        reader.wake(.closed)
        writer.wake(.closed)
        finish(request: .max)
    }

    /// No further request after the one in work; an idle connection ends now.
    func drain() {
        closesAfterResponse = true
        if phase == .idle { abort() }
    }

    private func closeGracefully() async {
        if phase == .closed { return }
        if mustLinger {
            // Closing with unread input resets the connection, and the reset can overtake the answer (RFC 9112 9.6).
            shutdown(descriptor, Int32(SHUT_WR))
            let deadline = loop.turnTime &+ configuration.lingerTimeout.timerNanoseconds
            var budget = 16 * configuration.maxDrainedBytes
            while budget > 0, phase != .closed {
                let count = unsafe receive(upTo: 16 << 10) { _ in }
                if count > 0 {
                    budget -= count
                    continue
                }
                guard count < 0, await waitForInput(until: deadline) == .ready else { break }
            }
        }
        abort()
    }

    private func reject(_ rejection: Rejection) async {
        guard phase != .closed else { return }
        listener.counters.rejected.add(1)
        closesAfterResponse = true
        mustLinger = true
        _ = await send(configuration.errorResponse(rejection.status, rejection.reason), to: nil)
    }

    // MARK: Hang-ups

    var isClientConnected: Bool { !hasHungUp.load(ordering: .acquiring) }

    /// Returns when the client has gone, the request is over, or the task is cancelled; from any thread.
    func waitForHangUp(request: UInt64) async {
        let gate = hangUps.withLock { hangUps -> Gate? in
            if request <= hangUps.answered || !isClientConnected { return nil }
            let gate = hangUps.gate ?? Gate()
            hangUps.gate = gate
            return gate
        }
        await gate?.wait()
    }

    /// Whether nothing of that request may be read or written any more.
    func isAnswered(_ request: UInt64) -> Bool { hangUps.withLock { request <= $0.answered } }

    private func finish(request: UInt64) {
        let gate = hangUps.withLock { hangUps in
            hangUps.answered = request
            defer { hangUps.gate = nil }
            return hangUps.gate
        }
        gate?.open()
    }

    /// The flag first, then the gate: who asks for the gate later sees the flag.
    private func noteHangUp() {
        hasHungUp.store(true, ordering: .releasing)
        hangUps.withLock(\.gate)?.open()
    }

    // MARK: Events

    func ready(_ descriptor: Int32, _ events: EventMask) {
        if !events.isDisjoint(with: [.failed, .hungUp]) {
            abort()
            return
        }
        if events.contains(.peerClosed), isClientConnected { noteHangUp() }
        if !events.isDisjoint(with: [.readable, .peerClosed]) {
            mayRead = true
            reader.wake(.ready)
        }
        if events.contains(.writable) {
            mayWrite = true
            if outputStart < output.count { flush() }
            writer.wake(.ready)
        }
    }

    /// Suspends until bytes, the end of input, the deadline or the end of the connection.
    func waitForInput(until deadline: UInt64) async -> Wait {
        if phase == .closed { return .closed }
        if mayRead { return .ready }
        return await waitToRead(until: deadline)
    }

    /// Suspends until the socket takes bytes again, the deadline or the end of the connection.
    func waitForOutput(until deadline: UInt64) async -> Wait {
        if phase == .closed { return .closed }
        if mayWrite { return .ready }
        return await waitToWrite(until: deadline)
    }

    /// Two tasks in one direction would need two places to wait; the second one is told that it cannot.
    private func waitToRead(until deadline: UInt64) async -> Wait {
        if reader.isTaken { return .closed }
        return await unsafe withUnsafeContinuation { continuation in
            unsafe reader.take(continuation, deadline: deadline)
            armTimer(deadline)
        }
    }

    private func waitToWrite(until deadline: UInt64) async -> Wait {
        if writer.isTaken { return .closed }
        return await unsafe withUnsafeContinuation { continuation in
            unsafe writer.take(continuation, deadline: deadline)
            armTimer(deadline)
        }
    }

    // MARK: Deadlines

    /// A deadline that moves later costs nothing: the timer looks at it when it fires, and sets itself again.
    private func armTimer(_ deadline: UInt64) {
        guard deadline < timerDeadline else { return }
        if let timer { loop.cancel(timer) }
        timerDeadline = deadline
        let now = loop.turnTime
        let delay = Duration.nanoseconds(Int64(clamping: deadline > now ? deadline - now : 0))
        timer = loop.schedule(after: delay) { [unowned self] in timerFired() }
    }

    private func timerFired() {
        timer = nil
        timerDeadline = .max
        let now = loop.turnTime
        if reader.deadline <= now { reader.wake(.timedOut) }
        if writer.deadline <= now { writer.wake(.timedOut) }
        let next = min(reader.deadline, writer.deadline)
        if next != .max { armTimer(next) }
    }
}
