@testable import Orchestrator

/// An engine with a scripted world around it.
struct EngineScene: Sendable {
    let time: ManualTime
    let upstream: ScriptedUpstream
    let storage = MemoryStorage()
    let store = MemoryStore()
    let health = Health()
    private let background = Watched<[Task<Void, Never>]>([])

    init(time: ManualTime = ManualTime()) {
        self.time = time
        upstream = ScriptedUpstream(time: time)
    }

    var services: EngineServices {
        EngineServices(
            upstream: upstream,
            storage: storage,
            imaging: ScriptedImaging(),
            store: store,
            time: time,
            health: health,
            offloading: InlineOffloading(),
            log: SilentLog(),
            executor: { nil },
            background: { [background] work in
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
        let snapshot = health.snapshot(of: registry, at: time.monotonic(), day: time.now().day)
        let plan = try Planner(registry: registry, health: snapshot, today: time.now().day)
            .plan(request, for: CallerTerms())
        guard !plan.candidates.isEmpty else { throw plan.refusal(at: time.now()) }
        let execution = JobExecution(
            id: time.makeID(),
            owner: UserID(trusted: owner),
            plan: plan,
            registry: registry,
            ownKeys: ownKeys,
            services: services,
            showPartial: showPartial
        )
        let job = JobRecord(
            id: execution.id,
            owner: UserID(trusted: owner),
            requestID: "req",
            operation: request.operation,
            created: time.now(),
            request: request.shown,
            policy: plan.policy,
            answer: AnswerFacts(responseFormat: .url, format: request.wantedFormat, background: request.background)
        )
        return (execution, job)
    }

    func run(
        _ registry: Registry,
        _ request: ImageRequest = .sample(),
        ownKeys: [String: Secret] = [:],
        owner: String = "usr_1"
    ) async throws -> JobRecord {
        let (execution, job) = try prepare(registry, request, ownKeys: ownKeys, owner: owner)
        return await execution.run(job).job
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
