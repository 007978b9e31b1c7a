internal import CPostgreSQL
internal import Orchestrator

/// One session at the server, driven by the readiness of its socket and never waiting for it.
///
/// Everything happens on the loop's thread, save that a thread which looks names up carries the reference. The owner ends
/// it by ``close()``.
@safe final class PostgresConnection: ReadinessWatcher, @unchecked Sendable {  // confined to the loop's thread
    /// How a statement ended.
    enum Ending {
        case answered(PostgresResult)
        /// The server refused it, undid it, and stands by for the next one.
        case refused(PostgresError)
        /// The connection is no more. What was not sent has not happened.
        case lost(isSent: Bool, PostgresError)
    }

    private enum Phase {
        case new
        case lookingUp
        case connecting
        case idle
        case busy(PostgresExchange)
        case closed
    }

    private let loop: any ReadinessLoop
    private let target: PostgresTarget
    private var phase = Phase.new
    private var handle: OpaquePointer?
    private var opened: ((PostgresError?) -> Void)?
    /// The descriptor that the loop watches, -1 for none.
    private var descriptor: Int32 = -1
    private var interest: Readiness = []
    /// Names of the statements that this session has prepared.
    private var prepared: Set<String> = []
    /// Whether the server has announced the session's end.
    fileprivate var isCondemned = false
    /// Called once when the session ends while nothing is asked of it.
    var onLoss: (() -> Void)?

    init(_ target: PostgresTarget, on loop: any ReadinessLoop) {
        self.target = target
        self.loop = loop
    }

    deinit {
        assert(unsafe handle == nil, "a connection must be closed before it goes")
    }

    // MARK: Opening and closing

    /// Connects, logs in and runs `setup`; `opened` is called once, with an error when the connection is of no use.
    func open(setup: String, _ opened: @escaping (PostgresError?) -> Void) {
        self.opened = { [unowned self] error in
            if let error { return opened(error) }
            run(script: setup) { ending in
                switch ending {
                case .answered: opened(nil)
                case .refused(let error), .lost(_, let error): opened(error)
                }
            }
        }
        guard target.needsLookUp else { return start(target) }
        phase = .lookingUp
        _ = WorkerThread("pg-look-up") { [self] in
            let found = Result { () throws(PostgresError) in try target.lookedUp() }
            loop.execute { [self] in
                guard case .lookingUp = phase else { return }
                switch found {
                case .success(let target): start(target)
                case .failure(let error): endOpening(error)
                }
            }
        }
    }

    private func start(_ target: PostgresTarget) {
        guard let handle = unsafe target.startConnecting() else {
            return endOpening(PostgresError(.unavailable, "memory is out"))
        }
        unsafe self.handle = handle
        phase = .connecting
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe _ = PQsetNoticeReceiver(handle, noteNotice, context)
        guard unsafe PQstatus(handle) != CONNECTION_BAD else { return endOpening(cannotConnect()) }
        // As if PQconnectPoll had last asked to write, says the manual.
        if !watch(.writing) { endOpening(cannotConnect()) }
    }

    private func continueConnecting() {
        // A further address has a further socket, which may get the number of the one before.
        stopWatching()
        switch unsafe PQconnectPoll(handle) {
        case PGRES_POLLING_READING: if !watch(.reading) { endOpening(cannotConnect()) }
        case PGRES_POLLING_WRITING: if !watch(.writing) { endOpening(cannotConnect()) }
        case PGRES_POLLING_OK:
            guard unsafe PQsetnonblocking(handle, 1) == 0, watch(.reading) else { return endOpening(cannotConnect()) }
            phase = .idle
            opened.take()?(nil)
        default: endOpening(cannotConnect())
        }
    }

    private func endOpening(_ error: PostgresError) {
        let opened = opened.take()
        close()
        opened?(error)
    }

    private func cannotConnect() -> PostgresError {
        PostgresError(.unavailable, "the database cannot be reached", detail: complaint)
    }

    /// Ends the session, whatever it is doing; nobody is told. The server undoes a statement that it is at.
    func close() {
        if case .closed = phase { return }
        phase = .closed
        opened = nil
        onLoss = nil
        stopWatching()
        unsafe PQfinish(handle)
        unsafe handle = nil
    }

    // MARK: Statements

    /// Whether a statement may be sent: also looks whether the server has ended the session meanwhile.
    var isUsable: Bool {
        guard case .idle = phase, !isCondemned, unsafe PQconsumeInput(handle) == 1 else { return false }
        // Parses what has come; the server's last words set `isCondemned`.
        unsafe _ = PQisBusy(handle)
        return unsafe PQstatus(handle) == CONNECTION_OK && !isCondemned
    }

    /// Whether the statement at hand has been handed to the socket.
    var hasSent: Bool {
        guard case .busy(let exchange) = phase else { return false }
        return exchange.isSent
    }

    /// Runs a statement on an idle connection, preparing it before its first use; `ended` is called once.
    func run(_ statement: PostgresStatement, _ values: [PostgresValue], _ ended: @escaping (Ending) -> Void) {
        precondition(isIdle, "a connection does one thing at a time")
        let exchange = PostgresExchange(statement: statement, values: values, ended)
        phase = .busy(exchange)
        if prepared.contains(statement.name) {
            execute(exchange)
        } else {
            prepare(exchange)
        }
    }

    /// Runs several statements without parameters, one transaction unless they say otherwise; the rows do not matter.
    func run(script: String, _ ended: @escaping (Ending) -> Void) {
        precondition(isIdle, "a connection does one thing at a time")
        let exchange = PostgresExchange(statement: nil, values: [], ended)
        exchange.isSent = true
        phase = .busy(exchange)
        finishSending(unsafe PQsendQuery(handle, script))
    }

    private var isIdle: Bool {
        if case .idle = phase { return true }
        return false
    }

    private func prepare(_ exchange: PostgresExchange) {
        guard let statement = exchange.statement else { return }
        exchange.isPreparing = true
        finishSending(unsafe PQsendPrepare(handle, statement.name, statement.sql, 0, nil))
    }

    private func execute(_ exchange: PostgresExchange) {
        guard let statement = exchange.statement else { return }
        exchange.isPreparing = false
        exchange.isSent = true
        let code = unsafe PostgresParameters(exchange.values).withPointers { values, lengths, formats in
            let count = CInt(exchange.values.count)
            return unsafe PQsendQueryPrepared(handle, statement.name, count, values, lengths, formats, 1)
        }
        finishSending(code)
    }

    private func finishSending(_ code: CInt) {
        guard code == 1, flush() else { return lose() }
    }

    /// Sends what is left to send; false when that is not possible any more.
    private func flush() -> Bool {
        switch unsafe PQflush(handle) {
        case 0: watch(.reading)
        case 1: watch([.reading, .writing])
        default: false
        }
    }

    // MARK: Readiness

    func ready(_ readiness: Readiness) {
        switch phase {
        case .new, .lookingUp, .closed: break
        case .connecting: continueConnecting()
        case .idle:
            if !isUsable { lose() }
        case .busy(let exchange):
            if readiness.contains(.reading), unsafe PQconsumeInput(handle) != 1 { return lose() }
            if interest.contains(.writing), !flush() { return lose() }
            collect(exchange)
        }
    }

    /// Takes the results that are complete. The last one counts: an error may follow rows, as when a transaction fails
    /// at its commit.
    private func collect(_ exchange: PostgresExchange) {
        while unsafe PQisBusy(handle) == 0 {
            guard let result = unsafe PQgetResult(handle) else { return finish(exchange) }
            switch unsafe PQresultStatus(result) {
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
                exchange.result = unsafe PostgresResult(owning: result)
            case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE:
                unsafe exchange.failure = PostgresError(result: result)
                unsafe PQclear(result)
            default:
                // A copy that this program never asks for; libpq would offer it for ever.
                unsafe PQclear(result)
                return lose()
            }
        }
    }

    private func finish(_ exchange: PostgresExchange) {
        if unsafe PQstatus(handle) != CONNECTION_OK { return lose() }
        if let failure = exchange.failure {
            phase = .idle
            return exchange.ended(.refused(failure))
        }
        guard let result = exchange.result else { return lose() }
        if exchange.isPreparing, let statement = exchange.statement {
            prepared.insert(statement.name)
            exchange.result = nil
            return execute(exchange)
        }
        phase = .idle
        exchange.ended(.answered(result))
    }

    /// Closes a connection that is of no use any more, and tells whoever waits for it.
    private func lose() {
        var error = PostgresError(.unavailable, "the connection to the database was lost", detail: complaint)
        let onLoss = onLoss
        guard case .busy(let exchange) = phase else {
            close()
            onLoss?()
            return
        }
        if let failure = exchange.failure {
            error.state = failure.state
            error.detail = failure.detail
        }
        close()
        exchange.ended(.lost(isSent: exchange.isSent, error))
    }

    /// What libpq last complained of.
    private var complaint: String? {
        guard let handle = unsafe handle, let text = unsafe PQerrorMessage(handle) else { return nil }
        let cleaned = target.cleaned(unsafe String(cString: text))
        return cleaned.isEmpty ? nil : cleaned
    }

    // MARK: The loop's side

    private func watch(_ readiness: Readiness) -> Bool {
        let wanted = unsafe PQsocket(handle)
        if descriptor == wanted {
            if interest == readiness { return true }
            interest = readiness
            return loop.rewatch(descriptor, for: readiness)
        }
        stopWatching()
        guard wanted >= 0, loop.watch(wanted, for: readiness, self) else { return false }
        descriptor = wanted
        interest = readiness
        return true
    }

    private func stopWatching() {
        if descriptor >= 0 { loop.unwatch(descriptor) }
        descriptor = -1
        interest = []
    }
}

/// What is being asked of a connection; confined to the loop's thread.
final class PostgresExchange {
    /// Nil for a script.
    let statement: PostgresStatement?
    let values: [PostgresValue]
    let ended: (PostgresConnection.Ending) -> Void
    var isPreparing = false
    /// Whether the statement itself, and not only its preparation, may have reached the server.
    var isSent = false
    var result: PostgresResult?
    var failure: PostgresError?

    init(
        statement: PostgresStatement?,
        values: [PostgresValue],
        _ ended: @escaping (PostgresConnection.Ending) -> Void
    ) {
        self.statement = statement
        self.values = values
        self.ended = ended
    }
}

/// Notices are of no interest, and libpq would print them; save the server's last words to an idle session.
private func noteNotice(_ context: UnsafeMutableRawPointer?, _ result: OpaquePointer?) {
    guard let context = unsafe context, let severity = unsafe PQresultErrorField(result, cpostgresql_severity),
        ["FATAL", "PANIC"].contains(unsafe String(cString: severity))
    else { return }
    unsafe Unmanaged<PostgresConnection>.fromOpaque(context).takeUnretainedValue().isCondemned = true
}
