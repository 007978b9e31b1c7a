@testable import Orchestrator

/// An engine with a scripted world around it.
struct EngineScene: Sendable {
    let time: ManualTime
    let upstream: ScriptedUpstream
    let storage: MemoryStorage
    let store: MemoryStore
    let health = Health()
    let services: EngineServices
    private let background: Watched<[Task<Void, Never>]>

    init(
        time: ManualTime = ManualTime(),
        store: MemoryStore = MemoryStore(),
        storage: MemoryStorage = MemoryStorage(),
        imaging: ScriptedImaging = ScriptedImaging()
    ) {
        self.time = time
        self.store = store
        self.storage = storage
        upstream = ScriptedUpstream(time: time)
        let background = Watched<[Task<Void, Never>]>([])
        self.background = background
        services = EngineServices(
            upstream: upstream,
            storage: storage,
            imaging: imaging,
            store: store,
            time: time,
            health: health,
            offloading: InlineOffloading(),
            log: SilentLog(),
            executor: { nil },
            background: { work in
                let task = Task { await work() }
                background.update { $0.append(task) }
            }
        )
    }

    /// Waits for what goes on behind answered requests.
    func settle() async {
        for task in background.value { await task.value }
    }

    /// Plans a request and makes what would run it, with the record as the daemon would write it.
    func prepare(
        _ registry: Registry,
        _ request: ImageRequest = .sample(),
        ownKeys: [String: Secret] = [:],
        owner: String = "usr_1",
        showPartial: (@Sendable (any ArtifactSink, Int) async -> Void)? = nil
    ) throws -> (execution: JobExecution, job: JobRecord) {
        let day = time.now().day
        let spent = Dictionary(
            uniqueKeysWithValues: registry.providers.map {
                (SpendSubject.provider($0.id), store.spentNow(.provider($0.id), on: day))
            }
        )
        let snapshot = health.snapshot(of: registry, at: time.monotonic(), spent: spent)
        let plan = try Planner(registry: registry, health: snapshot, today: time.now().day)
            .plan(request, for: CallerTerms())
        guard !plan.candidates.isEmpty else { throw plan.refusal(at: time.now()) }
        let terms = JobTerms(
            id: time.makeID(),
            owner: UserID(trusted: owner),
            plan: plan,
            registry: registry,
            ownKeys: ownKeys,
            services: services,
            showPartial: showPartial
        )
        return (JobExecution(terms), record(plan, terms.id, owner))
    }

    /// A job's record as the daemon would write it.
    func record(_ plan: Plan, _ id: JobID, _ owner: String = "usr_1", work: JobWork? = nil) -> JobRecord {
        let request = plan.request
        var shown = request.shown
        work?.write(to: &shown)
        return JobRecord(
            id: id,
            owner: UserID(trusted: owner),
            requestID: "req",
            operation: request.operation,
            created: time.now(),
            request: shown,
            policy: plan.policy,
            answer: AnswerFacts(responseFormat: .url, format: request.wantedFormat, background: request.background)
        )
    }

    /// What the daemon would ask the runner for.
    func order(
        _ registry: Registry,
        _ request: ImageRequest = .sample(),
        ownKeys: [String: Secret] = [:],
        owner: String = "usr_1"
    ) -> JobOrder {
        let work = JobWork(isForGallery: false, ownKeys: Array(ownKeys.keys))
        var order = JobOrder(owner: UserID(trusted: owner), registry: registry) { full async throws(APIError) in
            let spent = await services.spend.today()
            var snapshot = health.snapshot(of: registry, at: time.monotonic(), spent: spent)
            for provider in full { snapshot.remainingSpend[provider] = MicroUSD(micros: -1) }
            return try Planner(registry: registry, health: snapshot, today: time.now().day)
                .plan(request, for: CallerTerms())
        } record: { plan, id in
            record(plan, id, owner, work: work)
        }
        order.ownKeys = ownKeys
        return order
    }

    /// The end of a job that a runner took in; nil when it was refused.
    func end(_ registry: Registry) async -> JobRecord? {
        guard case .started(let running, _)? = try? await JobRunner(services: services).accept(order(registry)) else {
            return nil
        }
        return await running.value().job
    }

    /// Has a job accepted, and runs it to its end.
    func serve(_ execution: JobExecution, _ job: JobRecord) async -> JobRecord {
        var job = job
        if execution.enterAtOnce() {
            job.status = .running
            job.attempts = execution.intents
        }
        let acceptance = Acceptance(
            job: job,
            daemon: DaemonID(trusted: "dmn_1"),
            lease: JobRunner.lease,
            now: time.now()
        )
        guard case .accepted(let accepted, _)? = try? await store.accept(acceptance),
            case .ended(let end, _) = await execution.run(accepted)
        else { return job }
        return end
    }

    func run(
        _ registry: Registry,
        _ request: ImageRequest = .sample(),
        ownKeys: [String: Secret] = [:],
        owner: String = "usr_1"
    ) async throws -> JobRecord {
        let (execution, job) = try prepare(registry, request, ownKeys: ownKeys, owner: owner)
        return await serve(execution, job)
    }
}

struct InlineOffloading: Offloading {
    func run<T: Sendable>(_ work: @escaping @Sendable () -> T) async throws -> T { work() }
}

struct SilentLog: EventLog {
    func log(_ level: LogLevel, _ message: StaticString, _ fields: [(StaticString, String)]) {}
}

extension Registry {
    /// Two vendors, a before b, that make one picture a call unless `most` says otherwise; nobody retries.
    static func two(most: Int = 1, retries: Int = 0, _ adjust: (inout Registry) -> Void = { _ in }) -> Registry {
        .sample(
            ["a", "b"].enumerated().map { index, id in
                .sample(id, [.sample("m", price: index == 0 ? "0.01" : "0.02") { $0.capabilities.maxImages = most }]) {
                    $0.retries = retries
                }
            },
            adjust
        )
    }
}
