import Testing

@testable import Orchestrator

@Suite(.timeLimit(.minutes(1))) struct WebhookDispatcherTests {
    private let time = ManualTime(stands: true)
    private let store = MemoryWebhooks()
    private let receiver: ScriptedReceiver
    /// Tries taken, and tries not.
    private let counts = Watched((taken: 0, failed: 0))
    private let jobs = Watched<[JobID: JobRecord]>([:])
    private let allowsPrivate = Watched(false)

    init() {
        receiver = ScriptedReceiver(time: time)
    }

    private var dispatcher: WebhookDispatcher {
        let (counts, jobs, allowsPrivate) = (counts, jobs, allowsPrivate)
        return WebhookDispatcher(
            WebhookDispatcher.Parts(
                store: store,
                job: { id async throws(StoreError) in jobs.value[id] },
                upstream: receiver,
                time: time,
                log: SilentLog(),
                sign: { message, key in key + message },
                link: { "https://here/\($0.index)" },
                allowsPrivateURLs: { allowsPrivate.value },
                count: { isTaken in counts.update { isTaken ? ($0.taken += 1) : ($0.failed += 1) } }
            )
        )
    }

    /// A job that has ended, to be announced at a host.
    @discardableResult
    private func add(_ host: String = "h.example", _ status: JobStatus = .succeeded, ready: Timestamp? = nil) -> JobID {
        var job = JobRecord.sample(time.makeID(), at: time.now())
        job.status = status
        job.finished = time.now()
        let secret = WebhookSecret(bytes: [UInt8](repeating: 9, count: 24)).text
        let target = WebhookTarget(id: time.makeID(), url: "https://\(host)/hook", secret: secret)
        let record = job
        jobs.update { $0[record.id] = record }
        store.add(WebhookDelivery(target: target, job: job.id, tries: 0, ready: ready ?? time.now()))
        return job.id
    }

    /// Runs a dispatcher while `body` looks on; time goes by until `body` has seen what it waits for.
    private func play(_ body: (WebhookDispatcher) async throws -> Void) async throws {
        let dispatcher = dispatcher
        let running = Task { await dispatcher.run() }
        try await body(dispatcher)
        dispatcher.stop()
        await running.value
    }

    /// Lets time go by in small steps until the record says so, no faster than tries get on: what runs has many turns
    /// between two steps, and a dispatcher that is at work is waited for.
    private func pass(until isMet: @escaping @Sendable (MemoryWebhooks.State) -> Bool) async {
        while !isMet(store.state.value), !Task.isCancelled {
            await time.untilSomebodySleeps()
            time.advance(by: .milliseconds(200))
            for _ in 0..<100 { await Task.yield() }
        }
    }

    @Test(arguments: [JobStatus.succeeded, .failed, .canceled])
    func `an end is announced once, signed, with the whole job`(status: JobStatus) async throws {
        let id = add("h.example", status)
        try await play { _ in await store.state.wait { $0.rows[0].isDelivered } }
        let call = try #require(receiver.calls.first)
        #expect(receiver.calls.count == 1 && call.call.request.method == .post && call.call.redirects == 0)
        #expect(call.body?["type"]?.string == "job.\(status.rawValue)")
        #expect(call.body?.value(at: "/data/id")?.string == id.text)
        #expect(call.body?["timestamp"] == call.body?.value(at: "/data/finished"))
        #expect(call.header("webhook-id") == store.rows[0].delivery.target.id.text)
        #expect(call.header("webhook-timestamp") == "\(call.at.seconds)")
        // The stand-in for the code is the key and all that is signed.
        let signature = try #require(call.header("webhook-signature"))
        let code = try Base64.decode(Array(signature.utf8.dropFirst(3)).span)
        let head = "\(store.rows[0].delivery.target.id).\(call.at.seconds)."
        #expect(signature.hasPrefix("v1,") && code.prefix(24).allSatisfy { $0 == 9 })
        #expect(String(decoding: code.dropFirst(24), as: UTF8.self) == head + (call.body?.text ?? ""))
        #expect(store.rows[0].delivery.tries == 1 && counts.value == (1, 0))
    }

    @Test func `what is not taken is tried again under the same id until it is`() async throws {
        receiver.script(
            "h.example",
            .status(500),
            .error(.cut(status: nil)),
            .status(302),
            .error(.timeout(sent: true)),
            .status(204)
        )
        add()
        try await play { _ in await pass { $0.rows[0].isDelivered } }
        let calls = receiver.calls
        #expect(calls.count == 5 && counts.value == (1, 4) && store.rows[0].delivery.tries == 5)
        #expect(Set(calls.map { $0.header("webhook-id") }).count == 1)
        #expect(Set(calls.map { $0.header("webhook-timestamp") }).count == 5)
        let pauses = zip(calls.dropFirst(), calls).map { $0.at.milliseconds - $1.at.milliseconds }
        #expect(zip(pauses, [2400, 9600, 48_000, 240_000]).allSatisfy { $0 >= $1 })
    }

    static let answers: [(ScriptedReceiver.Step, Bool)] = [
        (.status(200), true), (.status(202), true), (.status(299), true), (.status(300), false), (.status(301), false),
        (.status(400), false), (.status(404), false), (.status(410), false), (.status(429), false),
        (.status(503), false), (.error(.malformed(status: 200)), true), (.error(.tooLarge(status: 201)), true),
        (.error(.cut(status: 200)), true), (.error(.malformed(status: 500)), false),
        (.error(.tooLarge(status: 404)), false), (.error(.cut(status: 502)), false),
        (.error(.notConnected), false), (.error(.forbiddenAddress), false), (.error(.timeout(sent: false)), false),
    ]

    @Test(arguments: answers)
    func `a receiver's status decides, whatever its body is`(step: ScriptedReceiver.Step, isTaken: Bool) async throws {
        receiver.script("h.example", step)
        add()
        // It is due at once; time that went by would bring the second try.
        try await play { _ in await store.state.wait { $0.rows[0].settled == 1 } }
        #expect(store.rows[0].isDelivered == isTaken && (store.rows[0].next == nil) == isTaken)
        #expect(counts.value == (isTaken ? (1, 0) : (0, 1)))
    }

    @Test func `a hint makes the first try prompt`() async throws {
        try await play { dispatcher in
            await time.pauses.wait { !$0.isEmpty }
            let job = add()
            dispatcher.expect(job)
            dispatcher.ended(job)
            await store.state.wait { $0.rows[0].isDelivered }
        }
        #expect(receiver.calls.map(\.at) == [store.rows[0].delivery.ready])
    }

    @Test func `without a hint the record is enough`() async throws {
        try await play { _ in
            await time.pauses.wait { !$0.isEmpty }
            add()
            await pass { $0.rows[0].isDelivered }
        }
        #expect(receiver.calls.count == 1)
    }

    @Test func `a receiver that hangs holds up no others and gets no more than its places`() async throws {
        let gate = Watched(false)
        receiver.script("slow.example", .hold(gate))
        for _ in 0..<30 { add("slow.example") }
        add("fast.example")
        try await play { _ in
            await pass { $0.rows[30].isDelivered }
            #expect(receiver.calls.count { $0.host == "slow.example" } <= 8)
            gate.update { $0 = true }
            await pass { $0.rows.allSatisfy(\.isDelivered) }
        }
        // Waiting for a place is no try.
        #expect(store.rows.allSatisfy { $0.delivery.tries == 1 } && receiver.calls.count == 31)
    }

    @Test func `what is under way when the daemon stops is left to whoever serves next`() async throws {
        let gate = Watched(false)
        receiver.script("h.example", .hold(gate, .cancelled(sent: true)))
        add()
        let dispatcher = dispatcher
        let running = Task { await dispatcher.run() }
        await receiver.world.wait { $0.calls.count == 1 }
        add("other.example", ready: time.now() + .seconds(600))
        dispatcher.stop()
        gate.update { $0 = true }
        await running.value
        #expect(store.rows.map(\.isDelivered) == [false, false] && store.rows.allSatisfy { $0.next != nil })
        #expect(store.rows[0].delivery.tries == 0 && store.rows[0].leaseEnds == nil && counts.value == (0, 0))
        receiver.script("h.example", .status(200))
        try await play { _ in await pass { $0.rows.allSatisfy(\.isDelivered) } }
    }

    @Test func `cancelling ends it as well`() async {
        let dispatcher = dispatcher
        let running = Task { await dispatcher.run() }
        await time.pauses.wait { !$0.isEmpty }
        running.cancel()
        await running.value
    }

    @Test func `after a day it is given up`() async throws {
        receiver.script("h.example", .status(500))
        add(ready: Timestamp(milliseconds: time.now().milliseconds - 86_400_000))
        try await play { _ in await pass { $0.rows[0].settled == 1 } }
        #expect(store.rows[0].next == nil && !store.rows[0].isDelivered && receiver.calls.count == 1)
    }

    @Test func `a job that is gone is not announced`() async throws {
        add()
        jobs.update { $0 = [:] }
        try await play { _ in await pass { $0.rows[0].settled == 1 } }
        #expect(store.rows[0].next == nil && receiver.calls.isEmpty)
    }

    @Test func `a record that cannot be read for a while is asked again`() async throws {
        store.fail(3)
        add()
        try await play { _ in await pass { $0.rows[0].isDelivered } }
        #expect(receiver.calls.count == 1)
    }

    @Test(arguments: [false, true])
    func `inner networks are called only where the registry allows it`(allowed: Bool) async throws {
        allowsPrivate.update { $0 = allowed }
        add()
        try await play { _ in await pass { $0.rows[0].isDelivered } }
        #expect(receiver.calls.map(\.call.reach) == [allowed ? .anywhere : .publicOnly])
        #expect(receiver.calls.map(\.call.timeLimit) == [.seconds(10)])
    }
}
