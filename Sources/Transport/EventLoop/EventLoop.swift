package import Orchestrator
import CSystem
import Glibc

/// A thread that waits for descriptors, timers and work, and runs the tasks that prefer it as their executor.
///
/// One turn handles, in this order: descriptor events, due timers, work handed over by other threads, jobs of its tasks
/// (a bounded number of rounds, so that busy tasks cannot starve the descriptors).
///
/// `inbox` is locked; every other mutable property is touched by the loop's own thread only, which the methods marked
/// "loop's thread only" check. Between `init` and `start` nothing runs, and `start` orders the
/// creation of the thread after the initialisation.
@safe package final class EventLoop: TaskExecutor, @unchecked Sendable {  // the loop's thread, and a lock
    /// What other threads leave for the loop.
    private struct Inbox {
        var jobs: [UnownedJob] = []
        var actions: [@Sendable () -> Void] = []
        var isSleeping = false
        var isStopping = false
    }

    private struct Registration {
        var source: (any EventSource)?
        /// Counts the registrations of this descriptor number: an event of an earlier one is stale.
        var generation: UInt32 = 0
    }

    /// Rounds of jobs in one turn; a job that enqueues another needs one round more.
    private static let roundsPerTurn = 16
    private static let eventCapacity = 256

    package let name: String

    private let epoll: Int32
    private let wakeUp: Int32
    private let inbox = Lock(Inbox())
    private let events: UnsafeMutablePointer<system_event>
    private var thread: pthread_t?

    private var registrations: [Registration] = []
    private var timers = TimerQueue()
    private var jobs: [UnownedJob] = []
    private var runningJobs: [UnownedJob] = []
    private var actions: [() -> Void] = []
    private var sleepers: [ObjectIdentifier: Sleeper] = [:]
    /// Who gets word when this turn's jobs have run.
    private var wakeables: [any Wakeable] = []

    /// The monotonic clock, in nanoseconds, as read at the start of this turn; loop's thread only.
    package private(set) var turnTime: UInt64

    /// Makes a loop that does not run yet; throws when the process is out of descriptors.
    package init(name: String) throws(TransportError) {
        let epoll = system_epoll_create()
        guard epoll >= 0 else { throw TransportError(operation: "epoll_create", code: errno) }
        let wakeUp = system_eventfd_create()
        guard wakeUp >= 0 else {
            let code = errno
            close(epoll)
            throw TransportError(operation: "eventfd", code: code)
        }
        guard system_epoll_add(epoll, wakeUp, system_epoll_in, UInt64(UInt32(bitPattern: wakeUp))) == 0 else {
            let code = errno
            close(epoll)
            close(wakeUp)
            throw TransportError(operation: "epoll_ctl", code: code)
        }
        self.name = name
        self.epoll = epoll
        self.wakeUp = wakeUp
        unsafe events = .allocate(capacity: EventLoop.eventCapacity)
        turnTime = system_monotonic_ns()
    }

    deinit {
        unsafe events.deallocate()
        close(epoll)
        close(wakeUp)
    }

    // MARK: Life

    /// Starts the thread; the loop must be stopped before it is released.
    package func start() {
        precondition(thread == nil, "the loop has been started before")
        var started = pthread_t()
        let code = unsafe system_thread_start(
            &started,
            name,
            runEventLoop,
            Unmanaged.passRetained(self).toOpaque()
        )
        precondition(code == 0, "no thread for the event loop: errno \(errno)")
        thread = started
    }

    /// Ends the loop and waits for its thread; idempotent, from any thread but the loop's own.
    ///
    /// Jobs that are ready still run and sleeping tasks wake as cancelled; a task that waits for anything else is lost,
    /// so end the tasks of the loop first. Work handed over later never runs.
    package func stop() {
        precondition(!isCurrent, "a loop cannot wait for itself")
        guard let thread else { return }
        inbox.withLock { $0.isStopping = true }
        system_eventfd_signal(wakeUp)
        pthread_join(thread, nil)
        self.thread = nil
    }

    /// The loop that the calling thread belongs to.
    package static var current: EventLoop? {
        guard let pointer = unsafe system_thread_value() else { return nil }
        return unsafe Unmanaged<EventLoop>.fromOpaque(pointer).takeUnretainedValue()
    }

    /// Whether the caller is on this loop's thread.
    package var isCurrent: Bool {
        unsafe system_thread_value() == Unmanaged.passUnretained(self).toOpaque()
    }

    /// The time now; not cached.
    package func now() -> ContinuousClock.Instant { .now }

    // MARK: Work

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isCurrent {
            jobs.append(job)
            return
        }
        handOver { $0.jobs.append(job) }
    }

    /// Runs `action` on the loop's thread, in a later step of this turn or the next one.
    package func execute(_ action: @escaping @Sendable () -> Void) {
        if isCurrent {
            actions.append(action)
        } else {
            handOver { $0.actions.append(action) }
        }
    }

    private func handOver(_ put: (inout Inbox) -> Void) {
        let mustWake = inbox.withLock { inbox in
            put(&inbox)
            defer { inbox.isSleeping = false }
            return inbox.isSleeping
        }
        if mustWake, !HeldWakes.hold(self) { signal() }
    }

    /// Ends the loop's sleep.
    func signal() {
        system_eventfd_signal(wakeUp)
    }

    /// What threads that work for loops are given, so that a turn's work goes to them, and comes back, as one batch.
    package static var wakeups: Wakeups {
        var wakeups = Wakeups()
        wakeups.later = { wakeable in
            guard let loop = current else { return false }
            loop.wakeables.append(wakeable)
            return true
        }
        wakeups.together = { HeldWakes.during($0) }
        return wakeups
    }

    private func wakeOthers() {
        if wakeables.isEmpty { return }
        for wakeable in wakeables { wakeable.wake() }
        wakeables.removeAll(keepingCapacity: true)
    }

    // MARK: Descriptors

    /// Watches a descriptor until `unregister`; false when the kernel refuses (`errno` tells why). Loop's thread only.
    ///
    /// The loop keeps `source` alive meanwhile. A descriptor has one source.
    @discardableResult
    package func register(_ descriptor: Int32, events: EventMask, source: any EventSource) -> Bool {
        checkThread()
        let index = Int(descriptor)
        while registrations.count <= index { registrations.append(Registration()) }
        precondition(registrations[index].source == nil, "descriptor \(descriptor) has a source already")
        registrations[index].generation &+= 1
        guard system_epoll_add(epoll, descriptor, events.rawValue, token(of: descriptor)) == 0 else { return false }
        registrations[index].source = source
        return true
    }

    /// Changes what a registered descriptor is watched for. Loop's thread only.
    @discardableResult
    package func update(_ descriptor: Int32, events: EventMask) -> Bool {
        checkThread()
        return system_epoll_modify(epoll, descriptor, events.rawValue, token(of: descriptor)) == 0
    }

    /// Forgets a descriptor, before or after it is closed; no event of it is delivered any more. Loop's thread only.
    package func unregister(_ descriptor: Int32) {
        checkThread()
        let index = Int(descriptor)
        guard index < registrations.count, registrations[index].source != nil else { return }
        registrations[index].source = nil
        registrations[index].generation &+= 1
        _ = system_epoll_remove(epoll, descriptor)
    }

    private func token(of descriptor: Int32) -> UInt64 {
        UInt64(registrations[Int(descriptor)].generation) << 32 | UInt64(UInt32(bitPattern: descriptor))
    }

    // MARK: Timers

    /// Runs `action` on the loop once `delay` has passed. Loop's thread only; O(log n).
    @discardableResult
    package func schedule(after delay: Duration, _ action: @escaping () -> Void) -> TimerToken {
        checkThread()
        return timers.add(deadline: system_monotonic_ns() &+ delay.timerNanoseconds, action)
    }

    /// Cancels a timer; nothing happens when it has fired. Loop's thread only; O(log n).
    package func cancel(_ token: TimerToken) {
        checkThread()
        timers.cancel(token)
    }

    /// Suspends any task for `delay`; throws as soon as the task is cancelled or the loop stops.
    package func sleep(for delay: Duration) async throws(CancellationError) {
        if Task.isCancelled { throw CancellationError() }
        let sleeper = Sleeper()
        let isComplete = await withTaskCancellationHandler {
            await unsafe withUnsafeContinuation { continuation in
                execute { unsafe self.begin(sleeper, delay: delay, continuation: continuation) }
            }
        } onCancel: {
            execute { self.end(sleeper, isComplete: false) }
        }
        if !isComplete { throw CancellationError() }
    }

    private func begin(_ sleeper: Sleeper, delay: Duration, continuation: UnsafeContinuation<Bool, Never>) {
        if sleeper.isOver {
            unsafe continuation.resume(returning: false)
            return
        }
        unsafe sleeper.continuation = continuation
        sleepers[ObjectIdentifier(sleeper)] = sleeper
        sleeper.timer = schedule(after: delay) { self.end(sleeper, isComplete: true) }
    }

    private func end(_ sleeper: Sleeper, isComplete: Bool) {
        sleeper.isOver = true
        guard let continuation = unsafe sleeper.continuation else { return }
        unsafe sleeper.continuation = nil
        sleepers[ObjectIdentifier(sleeper)] = nil
        if let timer = sleeper.timer { timers.cancel(timer) }
        unsafe continuation.resume(returning: isComplete)
    }

    // MARK: Turns

    fileprivate func run() {
        unsafe system_thread_set_value(Unmanaged.passUnretained(self).toOpaque())
        defer { system_thread_set_value(nil) }
        while true {
            let isStopping = collectInbox(canSleep: false)
            if isStopping {
                for sleeper in Array(sleepers.values) { end(sleeper, isComplete: false) }
            }
            runJobs()
            wakeOthers()
            if isStopping, jobs.isEmpty, actions.isEmpty { break }
            waitForEvents()
            fireTimers()
        }
    }

    /// Takes what other threads have left; with `canSleep`, an empty inbox announces that the loop is about to sleep.
    @discardableResult
    private func collectInbox(canSleep: Bool) -> Bool {
        inbox.withLock { inbox in
            inbox.isSleeping = canSleep && inbox.jobs.isEmpty && inbox.actions.isEmpty && !inbox.isStopping
            if !inbox.jobs.isEmpty {
                jobs.append(contentsOf: inbox.jobs)
                inbox.jobs.removeAll(keepingCapacity: true)
            }
            if !inbox.actions.isEmpty {
                for action in inbox.actions { actions.append(action) }
                inbox.actions.removeAll(keepingCapacity: true)
            }
            return inbox.isStopping
        }
    }

    private func runJobs() {
        let executor = unsafe asUnownedTaskExecutor()
        for _ in 0..<EventLoop.roundsPerTurn {
            if jobs.isEmpty, actions.isEmpty { return }
            if !actions.isEmpty {
                let taken = actions
                actions = []
                for action in taken { action() }
            }
            swap(&jobs, &runningJobs)
            for index in 0..<runningJobs.count {
                unsafe runningJobs[index].runSynchronously(on: executor)
            }
            runningJobs.removeAll(keepingCapacity: true)
        }
    }

    private func waitForEvents() {
        var timeout: Int32 = 0
        if jobs.isEmpty, actions.isEmpty {
            let isStopping = collectInbox(canSleep: true)
            if jobs.isEmpty, actions.isEmpty, !isStopping { timeout = millisecondsToNextTimer() }
        }
        let count = unsafe system_epoll_wait(epoll, events, Int32(EventLoop.eventCapacity), timeout)
        precondition(count >= 0, "epoll_wait failed: errno \(errno)")
        turnTime = system_monotonic_ns()
        for index in 0..<Int(count) {
            deliver(unsafe events[index])
        }
    }

    private func deliver(_ event: system_event) {
        let descriptor = Int32(truncatingIfNeeded: event.token)
        if descriptor == wakeUp {
            system_eventfd_clear(wakeUp)
            return
        }
        let registration = registrations[Int(descriptor)]
        guard registration.generation == UInt32(truncatingIfNeeded: event.token >> 32) else { return }
        registration.source?.ready(descriptor, EventMask(rawValue: event.events))
    }

    private func fireTimers() {
        // Timers that these actions add wait for the next turn: `turnTime` does not move.
        while let action = timers.takeDue(now: turnTime) { action() }
    }

    /// Rounded up, so that a timer never fires early; -1 waits without end.
    private func millisecondsToNextTimer() -> Int32 {
        guard let next = timers.next else { return -1 }
        let now = system_monotonic_ns()
        return next <= now ? 0 : Int32(clamping: (next - now + 999_999) / 1_000_000)
    }

    private func checkThread() {
        assert(isCurrent, "this belongs on the loop's own thread")
    }
}

/// One sleeping task.
@safe private final class Sleeper: @unchecked Sendable {  // touched on its loop's thread only
    var continuation: UnsafeContinuation<Bool, Never>?
    var timer: TimerToken?
    var isOver = false
}

/// The thread's body; consumes the reference that `start` made, so that the loop outlives its thread.
private func runEventLoop(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument = unsafe argument else { return nil }
    unsafe Unmanaged<EventLoop>.fromOpaque(argument).takeRetainedValue().run()
    return nil
}

extension Duration {
    /// Whole nanoseconds, negative ones as 0, at most about 292 years.
    var timerNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        if seconds < 0 || (seconds == 0 && attoseconds <= 0) { return 0 }
        if seconds >= 9_223_372_036 { return UInt64(Int64.max) }
        return UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
    }
}
