import FakeVendors
import Orchestrator
import Testing

@Suite struct ReplicateRunTests {
    let vendor = FakeReplicate()

    func create(_ body: JSON = ScriptTests.run, waits: Bool = false, path: String = ScriptTests.schnell) -> FakeReply {
        let request = FakeRequest.json(path, key: vendor.key, body)
        return vendor.answer(waits ? ScriptTests.waiting(request) : request)
    }

    func poll(_ reply: FakeReply, cancels: Bool = false) -> FakeReply {
        let id = reply.json?["id"]?.string ?? ""
        let path = "/v1/predictions/\(id)" + (cancels ? "/cancel" : "")
        return vendor.answer(
            FakeRequest(cancels ? "POST" : "GET", path, headers: [("authorization", "Bearer \(vendor.key)")])
        )
    }

    func fetch(_ link: JSON?) -> FakeReply {
        let path = link?.string?.split(separator: "/").dropFirst(2).joined(separator: "/") ?? ""
        return vendor.delivery.answer(FakeRequest("GET", "/" + path))
    }

    @Test func `a run that is waited for is done at once, each output for one GET`() {
        let done = create(waits: true)
        #expect(done.status == 201)
        #expect(done.json?["status"] == "succeeded")
        #expect(done.json?["output"]?.array?.count == 2)
        #expect(vendor.chargedMicroUSD == 6000)
        let first = fetch(done.json?["output"]?[0])
        #expect(first.status == 200)
        #expect(first.header("content-type") == "image/webp")
        #expect(first.body == vendor.pictures.first?.bytes)
        #expect(fetch(done.json?["output"]?[0]).status == 404)
        #expect(vendor.delivery.fetches.map(\.status) == [200, 404])
    }

    @Test func `a run goes from starting over processing to its end by polls`() {
        vendor.script(.ok.with(\.startingPolls, 1).with(\.processingPolls, 2))
        let created = create(waits: true)
        #expect(created.status == 202)
        #expect(created.json?["output"] == .some(.null))
        let seen = (0..<4).map { _ in poll(created).json?["status"]?.string }
        #expect(seen == ["starting", "processing", "processing", "succeeded"])
        #expect(poll(created).json?["output"] != nil)
        #expect(vendor.pictures.count == 2)
        #expect(vendor.creates.count == 1)
    }

    @Test func `without a wait even a quick run answers starting`() {
        let created = create()
        #expect(created.status == 201)
        #expect(created.json?["status"] == "starting")
        #expect(vendor.chargedMicroUSD == 0)
        #expect(poll(created).json?["status"] == "succeeded")
        #expect(vendor.chargedMicroUSD == 6000)
    }

    @Test(arguments: [
        (Failure.runSensitive, "failed", "(E005)"), (.runNSFW, "failed", "NSFW"), (.runOutOfMemory, "failed", "E1001"),
        (.runFailed, "failed", "IndexError"), (.runCanceled, "canceled", ""), (.runAborted, "aborted", ""),
    ])
    func `a failed run is an HTTP success`(failure: Failure, status: String, words: String) {
        vendor.script(.fail(failure))
        let created = create(waits: true)
        #expect(created.status == 201)
        #expect(created.json?["status"]?.string == status)
        #expect(created.json?["error"]?.string?.contains(words) ?? words.isEmpty)
        #expect(vendor.chargedMicroUSD == 0)
    }

    @Test func `a canceled run stays canceled and costs nothing`() {
        let created = create()
        #expect(poll(created, cancels: true).json?["status"] == "canceled")
        #expect(poll(created).json?["status"] == "canceled")
        #expect(vendor.canceledPredictions.count == 1)
        #expect(vendor.chargedMicroUSD == 0)
    }

    @Test func `outputs come as string, list or data URL, or lead nowhere`() throws {
        vendor.script(
            .ok.with(\.output, .string),
            .ok.with(\.output, .dataURI),
            .ok.with(\.isOutputDead, true),
            .empty,
            .ok.with(\.failingPolls, 1)
        )
        #expect(create(waits: true).json?["output"]?.string != nil)
        let data = try #require(create(waits: true).json?["output"]?[0]?.string)
        #expect(DataURL(data)?.mediaType == "image/webp")
        #expect(fetch(create(waits: true).json?["output"]?[0]).status == 404)
        #expect(create(waits: true).json?["output"] == [])
        let created = create()
        #expect([poll(created).status, poll(created).status] == [500, 200])
    }

    @Test func `throttling tells the wait twice`() {
        vendor.script(.fail(.rateLimited), .fail(.rateLimited).with(\.retryAfter, "1"))
        let usual = create()
        #expect(usual.header("retry-after") == "5" && usual.json?["retry_after"] == 5)
        let stated = create()
        #expect(stated.header("retry-after") == "1" && stated.json?["retry_after"] == 1)
    }

    @Test func `data is removed after its hour`() {
        let created = create(waits: true)
        vendor.removeData()
        #expect(poll(created).json?["data_removed"] == true)
        #expect(poll(created).json?["output"] == .some(.null))
    }

    @Test(
        arguments: [
            ("black-forest-labs/flux-2-pro", ["aspect_ratio": "16:9"], "1344x768", 30_000),
            (
                "black-forest-labs/flux-1.1-pro", ["aspect_ratio": "custom", "width": 1440, "height": 800], "1440x800",
                40_000
            ),
            ("recraft-ai/recraft-v3", ["size": "1536x1024"], "1536x1024", 40_000),
            ("google/nano-banana-pro", ["resolution": "4K", "aspect_ratio": "1:1"], "4096x4096", 300_000),
            ("black-forest-labs/flux-schnell", ["megapixels": "0.25"], "512x512", 3_000),
        ] as [(String, JSON, String, Int)]
    )
    func `each model draws its own sizes at its own price`(model: String, input: JSON, size: String, microUSD: Int) {
        let done = create(
            ["input": input.with(["prompt": "fox"])],
            waits: true,
            path: "/v1/models/\(model)/predictions"
        )
        #expect(done.json?["status"] == "succeeded")
        #expect(vendor.pictures.first?.facts?.size?.description == size)
        #expect(vendor.chargedMicroUSD == microUSD)
    }
}
