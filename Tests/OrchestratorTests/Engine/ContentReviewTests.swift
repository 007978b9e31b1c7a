import Testing

@testable import Orchestrator

@Suite struct ContentReviewTests {
    private let scene = EngineScene()

    private static let place = "moderation/moderations"
    private static let clear = Step.answer(["results": [["flagged": false]]])
    private static let flagged = Step.answer(["results": [["flagged": true]]])

    private func registry(
        most: Int = 1,
        _ checks: Set<ModerationEndpoint.Check> = [.result],
        onError: ModerationEndpoint.OnError = .deny,
        _ adjust: (inout Registry) -> Void = { _ in }
    ) -> Registry {
        .two(most: most) { registry in
            var endpoint = ModerationEndpoint(
                baseURL: "https://moderation.example",
                credential: Secret("sk-m"),
                model: "omni"
            )
            endpoint.checks = checks
            endpoint.onError = onError
            registry.moderation.endpoint = endpoint
            adjust(&registry)
        }
    }

    private var questions: [ScriptedUpstream.Call] { scene.upstream.calls.filter { $0.place == Self.place } }

    // MARK: Results

    @Test func `a picture is shown to the service as it is, and then stored`() async throws {
        scene.upstream.script(Self.place, Self.clear)
        let job = try await scene.run(registry())
        #expect(job.status == .succeeded && scene.storage.published == job.images.map(\.digest))
        let question = try #require(questions.first)
        let text = Base64.encode(Array(job.images[0].digest.utf8).span)
        #expect(question.body?["model"] == "omni" && question.credential == "sk-m" && questions.count == 1)
        #expect(
            question.body?.value(at: "/input/0/image_url/url")?.string
                == "data:image/png;base64," + String(decoding: text, as: UTF8.self)
        )
    }

    @Test func `a flagged picture is neither stored nor drawn anew, and counts as the vendor bills it`() async throws {
        scene.upstream.script(Self.place, Self.flagged)
        let job = try await scene.run(registry())
        #expect(job.status == .failed && job.images.isEmpty && scene.storage.published.isEmpty)
        #expect(job.error?.status == 400 && job.error?.code == "content_policy_violation")
        #expect(scene.upstream.places == ["a", Self.place] && job.cost == .zero)
        #expect(job.attempts.map(\.outcome) == [.refused] && job.attempts.map(\.cost) == [usd("0.01")])
        #expect(job.attempts.map(\.delivered) == [0])
    }

    @Test(arguments: [1, 4])
    func `one of four that is flagged leaves three, from one call or four`(most: Int) async throws {
        scene.upstream.script(Self.place, Self.clear, Self.flagged, Self.clear)
        let job = try await scene.run(registry(most: most), .sample { $0.count = 4 })
        #expect(job.status == .succeeded && job.images.map(\.index) == [0, 1, 2])
        #expect(Set(scene.storage.published) == Set(job.images.map(\.digest)) && scene.storage.published.count == 3)
        #expect(questions.count == 4 && job.cost == usd("0.03"))
        #expect(job.attempts.reduce(.zero) { $0 + $1.cost } == usd("0.04"))
        let change = try #require(job.adapted.first { $0.field == "n" })
        #expect(change.given == "3" && change.why == "the content check withheld the rest")
        #expect(!scene.upstream.places.contains("b"))
    }

    @Test func `where partial results are off, one flagged picture is enough to refuse them all`() async throws {
        scene.upstream.script(Self.place, Self.flagged, Self.clear)
        let job = try await scene.run(registry { $0.routing.partialResults = false }, .sample { $0.count = 2 })
        #expect(job.status == .failed && job.error?.code == "content_policy_violation" && job.images.isEmpty)
    }

    static let silences: [Step] = [
        .error(.notConnected), .error(.timeout(sent: true)), .error(.malformed(status: 200)), .fail("server"),
        .answer([:]), .answer(["results": []]),
    ]

    @Test(arguments: silences)
    func `without an answer, deny keeps the picture back and allow delivers it`(silence: Step) async throws {
        scene.upstream.script(Self.place, silence)
        let denied = try await scene.run(registry(onError: .deny))
        #expect(denied.status == .failed && denied.error?.status == 503 && denied.error?.code == "overloaded")
        #expect(scene.storage.published.isEmpty && denied.cost == .zero && questions.count == 2)
        #expect(denied.attempts.map(\.cost) == [usd("0.01")] && !scene.upstream.places.contains("b"))
        let allowed = try await scene.run(registry(onError: .allow))
        #expect(allowed.status == .succeeded && scene.storage.published.count == 1)
    }

    @Test func `an answer that was lost is asked for again`() async throws {
        scene.upstream.script(Self.place, .error(.cut(status: nil)), Self.clear)
        let job = try await scene.run(registry())
        #expect(job.status == .succeeded && questions.count == 2)
    }

    @Test func `who cancels while the check runs does not get past it`() async throws {
        scene.upstream.script(Self.place, .error(.cancelled(sent: true)))
        let job = try await scene.run(registry(onError: .allow))
        #expect(job.status != .succeeded && scene.storage.published.isEmpty)
    }

    @Test func `a service that is asked about prompts alone sees no pictures`() async throws {
        let job = try await scene.run(registry([.prompt]))
        #expect(job.status == .succeeded && questions.isEmpty)
    }

    @Test func `early views are kept back, and the answer says so`() async throws {
        scene.upstream.script("a", .stream(partials: 2, ending: nil))
        scene.upstream.script(Self.place, Self.clear)
        let shown = Watched(0)
        let request = ImageRequest.sample {
            $0.stream = true
            $0.partialImages = 2
        }
        var streaming = registry()
        for index in 0..<2 { streaming.providers[index].models[0].capabilities.streams = true }
        let (execution, accepted) = try scene.prepare(streaming, request) { _, _ in shown.update { $0 += 1 } }
        let job = await scene.serve(execution, accepted)
        #expect(job.status == .succeeded && shown.value == 0)
        #expect(job.adapted.contains { $0.field == "partial_images" && $0.asked == "2" && $0.given == "0" })
    }

    // MARK: Words and references

    @Test func `texts are judged together, pictures one by one`() async {
        let review = ContentReview(services: scene.services, settings: registry([.prompt]).moderation)
        scene.upstream.script(
            Self.place,
            .answer(["results": [["flagged": false], ["flagged": true]]]),
            Self.clear,
            Self.flagged
        )
        #expect(await review.verdict(on: ["a", "b"]) == .flagged)
        #expect(questions.map { $0.body?["input"] } == [["a", "b"]])
        let picture = (source: ByteSource.bytes([1, 2, 3]), format: ImageFormat.webp)
        #expect(await Set(review.verdicts(on: [picture, picture])) == [.clear, .flagged])
        #expect(
            questions.last?.body?.value(at: "/input/0/image_url/url")?.string == "data:image/webp;base64,AQID"
        )
    }

    @Test func `a picture too large for the service is shown smaller`() async throws {
        scene.upstream.script(Self.place, Self.clear)
        var picture = ScriptedPicture()
        picture.size = try #require(PixelSize(width: 4096, height: 1024))
        let padding = [UInt8](repeating: UInt8(ascii: "0"), count: 15 << 20)
        let source = ByteSource.bytes(picture.bytes + padding)
        let review = ContentReview(services: scene.services, settings: registry().moderation)
        #expect(await review.verdicts(on: [(source, .png)]) == [.clear])
        let url = try #require(questions.last?.body?.value(at: "/input/0/image_url/url")?.string)
        let encoded = url.dropFirst("data:image/jpeg;base64,".count)
        #expect(url.hasPrefix("data:image/jpeg;base64,"))
        let shown = try #require(ScriptedPicture(try Base64.decode(Array(encoded.utf8).span)))
        #expect(shown.size == PixelSize(width: 2048, height: 512) && shown.format == .jpeg)
    }
}
