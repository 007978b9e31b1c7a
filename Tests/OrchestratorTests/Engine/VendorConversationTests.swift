import Testing

@testable import Orchestrator

@Suite struct VendorConversationTests {
    private let scene = EngineScene()

    // MARK: Work that outlives a call

    @Test func `unfinished work is asked after, ever more slowly, until it is done`() async throws {
        scene.upstream.script("a", .pending("w1"))
        scene.upstream.script("a/poll", .pending("w1"), .pending("w1"), .pending("w1"), .pictures())
        let job = try await scene.run(.two())
        #expect(job.status == .succeeded && scene.upstream.places == ["a"] + Array(repeating: "a/poll", count: 4))
        #expect(scene.time.pauses.value.map(\.milliseconds) == [500, 750, 1125, 1687])
        #expect(job.attempts.first?.handle?.id == "w1")
    }

    @Test func `the vendor's name for the work is durable before it is asked after`() async throws {
        scene.upstream.script("a", .pending("w1"))
        scene.upstream.script("a/poll", .pending("w1"), .pictures())
        _ = try await scene.run(.two())
        #expect(scene.store.recordedAttempts.map { $0.handle?.id } == ["w1"])
    }

    @Test func `work whose name cannot be recorded is waited for all the same`() async throws {
        scene.upstream.script("a", .pending("w1"))
        scene.upstream.script("a/poll", .pending("w1"), .pictures())
        scene.store.state.withLock { $0.failsToRecord = true }
        let job = try await scene.run(.two())
        #expect(job.status == .succeeded && job.images.map(\.provider) == ["a"])
        #expect(scene.upstream.places == ["a", "a/poll", "a/poll"] && scene.store.recordedAttempts.isEmpty)
    }

    @Test func `work that is not done by the deadline is stopped, and the caller told`() async throws {
        scene.upstream.script("a", .pending("w1"))
        scene.upstream.script("a/poll", .pending("w1"))
        let job = try await scene.run(.two { $0.routing.deadline = .seconds(20) })
        await scene.settle()
        #expect(job.error?.status == 504 && job.attempts.map(\.cost) == [usd("0.01")])
        #expect(
            scene.upstream.places.last == "a/cancel" && scene.upstream.places.filter { $0 == "a/cancel" }.count == 1
        )
        #expect(job.attempts.first?.handle?.id == "w1")
    }

    @Test(arguments: ["server", "connection", "rate_limited", "cut", "timeout"])
    func `trouble with the asking is no verdict on the work`(word: String) async throws {
        scene.upstream.script("a", .pending("w1"))
        scene.upstream.script("a/poll", .fail(word), .pictures())
        let job = try await scene.run(.two())
        #expect(job.images.map(\.provider) == ["a"] && scene.upstream.places == ["a", "a/poll", "a/poll"])
    }

    @Test(arguments: [("server_once", "b"), ("quota", "b"), ("refused", ""), ("rejected", "")])
    func `work that failed is a failure of its class`(word: String, next: String) async throws {
        scene.upstream.script("a", .pending("w1"))
        scene.upstream.script("a/poll", .fail(word))
        _ = try await scene.run(.two())
        #expect(scene.upstream.places == ["a", "a/poll"] + (next.isEmpty ? [] : [next]))
    }

    @Test func `work that the vendor stopped is made elsewhere`() async throws {
        scene.upstream.script("a", .pending("w1"))
        scene.upstream.script("a/poll", .canceled)
        #expect(try await scene.run(.two()).images.map(\.provider) == ["b"])
    }

    @Test func `who cancels a job has the vendor's work stopped`() async throws {
        let scene = EngineScene(time: ManualTime(stands: true))
        scene.upstream.script("a", .pending("w1"))
        let (execution, job) = try scene.prepare(.two())
        let running = Task { await scene.serve(execution, job) }
        await scene.time.pauses.wait { $0.count == 1 }
        running.cancel()
        let end = await running.value
        await scene.settle()
        #expect(end.status == .canceled && scene.upstream.places == ["a", "a/cancel"])
        #expect(end.attempts.map(\.cost) == [usd("0.01")] && end.attempts.map(\.outcome) == [.unknown])
    }

    // MARK: Pictures that lie elsewhere

    @Test func `a picture's address is fetched at once, the key going to the provider's own origin alone`() async throws
    {
        scene.upstream.script("a", .link("https://a.example/file/1"), .link("https://cdn.example/file/1"))
        #expect(try await scene.run(.two()).status == .succeeded)
        #expect(try await scene.run(.two()).status == .succeeded)
        let fetches = scene.upstream.calls.filter { $0.place.hasSuffix("/file") }
        #expect(fetches.map(\.place) == ["a/file", "cdn/file"])
        #expect(fetches.map(\.credential) == ["house-a", nil])
        #expect(fetches.map(\.reach) == [.anywhere, .publicOnly])
    }

    @Test func `private addresses are fetched from where the operator allows it`() async throws {
        scene.upstream.script("a", .link("https://cdn.example/file/1"))
        _ = try await scene.run(.two { $0.server.allowPrivateURLs = true })
        #expect(scene.upstream.calls.last?.reach == .anywhere)
    }

    @Test func `a picture that was paid is fetched three times before it is given up`() async throws {
        scene.upstream.script("a", .link("https://cdn.example/file/1"))
        scene.upstream.script("cdn/file", .error(.cut(status: nil)), .error(.notConnected), .pictures())
        #expect(try await scene.run(.two()).images.map(\.provider) == ["a"])
        scene.upstream.script("cdn/file", .error(.cut(status: nil)))
        let job = try await scene.run(.two())
        #expect(job.images.map(\.provider) == ["b"] && job.attempts.map(\.outcome) == [.unusable, .ok])
        #expect(scene.upstream.places.filter { $0 == "cdn/file" }.count == 6)
    }

    @Test(arguments: [
        "ftp://cdn.example/1", "https://user@cdn.example/1", "", "/file/1", "data:image/png,none", "data:;base64,%%",
    ])
    func `an address that is none holds no picture`(url: String) async throws {
        scene.upstream.script("a", .link(url))
        let job = try await scene.run(.two())
        #expect(job.images.map(\.provider) == ["b"] && scene.upstream.places == ["a", "b"])
    }

    @Test func `a picture may lie in its address`() async throws {
        let text = String(decoding: Base64.encode(ScriptedPicture().bytes.span), as: UTF8.self)
        scene.upstream.script("a", .link("data:image/png;base64,\(text)"))
        #expect(try await scene.run(.two()).images.map(\.provider) == ["a"])
    }

    // MARK: Streams

    private var streaming: Registry {
        var registry = Registry.two()
        for index in 0..<2 { registry.providers[index].models[0].capabilities.streams = true }
        return registry
    }

    private func stream() async throws -> (job: JobRecord, shown: Int) {
        let shown = Watched(0)
        let request = ImageRequest.sample {
            $0.stream = true
            $0.partialImages = 2
        }
        let (execution, job) = try scene.prepare(streaming, request) { _, _ in shown.update { $0 += 1 } }
        let end = await scene.serve(execution, job)
        return (end, shown.value)
    }

    @Test func `early pictures are shown as they come, the last one is the answer`() async throws {
        scene.upstream.script("a", .stream(partials: 2, ending: nil))
        let (job, shown) = try await stream()
        #expect(job.status == .succeeded && job.images.count == 1 && shown == 2)
    }

    @Test func `a stream that fails before a picture was shown is begun elsewhere`() async throws {
        scene.upstream.script("a", .stream(partials: 0, ending: "server_once"))
        scene.upstream.script("b", .stream(partials: 1, ending: nil))
        let (job, shown) = try await stream()
        #expect(job.images.map(\.provider) == ["b"] && shown == 1)
    }

    @Test func `what was shown cannot be taken back`() async throws {
        scene.upstream.script("a", .stream(partials: 1, ending: "server_once"))
        let (job, shown) = try await stream()
        #expect(job.status == .failed && scene.upstream.places == ["a"] && shown == 1)
    }

    @Test func `an error before the stream is an error like any other`() async throws {
        scene.upstream.script("a", .fail("refused"))
        let (job, shown) = try await stream()
        #expect(job.error?.code == "moderation_blocked" && shown == 0)
    }

    // MARK: Inputs

    @Test func `a kind that draws by itself makes no call`() async throws {
        var provider = Provider(id: "local", kind: StubLocalAdapter.kind, adapter: StubLocalAdapter())
        provider.models = [.sample("m")]
        let job = try await scene.run(.sample([provider]), .sample { $0.count = 2 })
        #expect(job.images.count == 2 && scene.upstream.calls.isEmpty)
    }

    @Test(arguments: [(MaskPolarity.alpha, "\u{1}"), (.white, "white mask"), (.black, "black mask")])
    func `a mask is sent in the polarity that the model wants`(polarity: MaskPolarity, sent: String) async throws {
        var registry = Registry.two()
        registry.providers[0].models[0].capabilities.maskPolarity = polarity
        _ = try await scene.run(registry, .sample(.edit) { $0.mask = .sample("mask", hasAlpha: true) })
        #expect(scene.upstream.calls.first?.body?["mask"]?.string == sent)
    }

    @Test func `the caller's key is used where there is one, the house's elsewhere`() async throws {
        scene.upstream.script("a", .fail("credential"))
        _ = try await scene.run(.two(), ownKeys: ["a": Secret("own-a")])
        #expect(scene.upstream.calls.map(\.credential) == ["own-a", "house-b"])
    }

    // MARK: News

    @Test func `news ends the pause before the next question, and answers none`() async throws {
        let scene = EngineScene(time: ManualTime(stands: true))
        scene.upstream.script("a", .pending("w1"))
        scene.upstream.script("a/poll", .pending("w1"), .pictures())
        let registry = Registry.two { $0.providers[0].webhookSecret = Secret("whsec_") }
        let (execution, job) = try scene.prepare(registry)
        let running = Task { await scene.serve(execution, job) }
        let news = scene.services.news
        await scene.time.pauses.wait { $0.count == 1 }
        // Of other work, and of the same name at another vendor: nobody is woken.
        #expect(!news.arrived(about: "w2", from: "a") && !news.arrived(about: "w1", from: "b"))
        #expect(scene.upstream.places == ["a"])
        // Too early: the vendor is asked, says that the work goes on, and is believed.
        #expect(news.arrived(about: "w1", from: "a"))
        await scene.time.pauses.wait { $0.count == 2 }
        #expect(scene.upstream.places == ["a", "a/poll"])
        #expect(news.arrived(about: "w1", from: "a"))
        #expect(await running.value.status == .succeeded && scene.upstream.places == ["a", "a/poll", "a/poll"])
        #expect(scene.time.monotonic() == .zero)
        // Nobody listens any more.
        #expect(news.count == 0 && !news.arrived(about: "w1", from: "a"))
    }

    @Test func `who is cancelled while listening for news is told so`() async throws {
        let scene = EngineScene(time: ManualTime(stands: true))
        scene.upstream.script("a", .pending("w1"))
        let (execution, job) = try scene.prepare(.two { $0.providers[0].webhookSecret = Secret("whsec_") })
        let running = Task { await scene.serve(execution, job) }
        await scene.time.pauses.wait { $0.count == 1 }
        running.cancel()
        #expect(await running.value.status == .canceled)
        await scene.settle()
        #expect(scene.upstream.places == ["a", "a/cancel"] && scene.services.news.count == 0)
    }

    @Test func `news that comes before the work has its name is kept, and not much of it`()
        async throws
    {
        let scene = EngineScene(time: ManualTime(stands: true))
        scene.upstream.script("a", .pending("w1"))
        scene.upstream.script("a/poll", .pictures())
        let news = scene.services.news
        for id in ["w0", "w1"] + (1...255).map({ "x\($0)" }) { #expect(!news.arrived(about: id, from: "a")) }
        let registry = Registry.two { $0.providers[0].webhookSecret = Secret("whsec_") }
        #expect(try await scene.run(registry).status == .succeeded && scene.upstream.places == ["a", "a/poll"])
        #expect(scene.time.monotonic() == .zero)
        // Forgotten in favour of the last ones.
        let bell = news.listen(for: "w0", of: "a")
        async let waiting: Void = bell.wait(atMost: .seconds(1), scene.time)
        await scene.time.untilSomebodySleeps()
        scene.time.advance(by: .seconds(1))
        await waiting
        #expect(scene.time.monotonic() == .seconds(1))
    }
}
