import FakeVendors
import Orchestrator
import Testing

@Suite struct ScriptTests {
    static let order: JSON = ["model": "gpt-image-2", "prompt": "a fox", "quality": "low"]
    static let run: JSON = ["input": ["prompt": "a fox", "num_outputs": 2]]
    static let schnell = "/v1/models/black-forest-labs/flux-schnell/predictions"

    static func create(_ vendor: any FakeVendor) -> FakeRequest {
        switch vendor {
        case is FakeOpenAI: .json("/v1/images/generations", key: vendor.key, order)
        case is FakeStability:
            .form("/v2beta/stable-image/generate/core", key: vendor.key, FormBody().field("prompt", "a fox"))
        default: waiting(.json(schnell, key: vendor.key, run))
        }
    }

    static func waiting(_ request: FakeRequest) -> FakeRequest {
        var copy = request
        copy.headers.append(("prefer", "wait"))
        return copy
    }

    static func vendors() -> [any FakeVendor] { [FakeOpenAI(), FakeStability(), FakeReplicate()] }

    @Test func `every documented failure has the vendor's status and words, and costs nothing`() {
        for vendor in Self.vendors() {
            for failure in vendor.documentedFailures {
                vendor.script(.fail(failure).with(\.marker, "MARK-7"))
                let reply = vendor.answer(Self.create(vendor))
                let isRun = reply.json?["id"] != nil && vendor is FakeReplicate
                #expect(isRun || reply.status >= 400, "\(failure)")
                #expect(reply.body.contains("MARK-7") || [.runCanceled, .runAborted].contains(failure), "\(failure)")
                #expect(vendor.chargedMicroUSD == 0)
                #expect(vendor.invalid.isEmpty)
            }
            #expect(vendor.creates.count == vendor.documentedFailures.count)
        }
    }

    @Test(arguments: [
        (Failure.rateLimited, 429, "rate_limit_exceeded"), (.insufficientQuota, 429, "insufficient_quota"),
        (.billingHardLimit, 400, "billing_hard_limit_reached"), (.moderation, 400, "moderation_blocked"),
        (.contentPolicy, 400, "content_policy_violation"), (.overloaded, 503, "server_is_overloaded"),
        (.badKey, 401, "invalid_api_key"), (.modelGone, 404, "model_not_found"), (.slowDown, 429, "slow_down"),
    ])
    func `OpenAI's failures carry their codes`(failure: Failure, status: Int, code: String) {
        let vendor = FakeOpenAI()
        vendor.script(.fail(failure).with(\.retryAfter, "7"))
        let reply = vendor.answer(Self.create(vendor))
        #expect(reply.status == status)
        #expect(reply.json?["error"]?["code"]?.string == code)
        #expect(reply.header("retry-after") == "7")
    }

    @Test func `a script is followed in order and then gives way to the usual`() {
        for vendor in Self.vendors() {
            vendor.script(.fail(.server), .html(502), then: .fail(.badRequest))
            let statuses = (0..<4).map { _ in vendor.answer(Self.create(vendor)).status }
            #expect(statuses[0..<2] == [500, 502])
            #expect(statuses[2] == statuses[3] && [400, 422].contains(statuses[2]))
        }
    }

    @Test func `a refused request leaves the script alone`() {
        let vendor = FakeOpenAI()
        vendor.script(.fail(.server))
        #expect(vendor.answer(.json("/v1/images/generations", key: vendor.key, ["prompt": 1])).status == 404)
        #expect(vendor.answer(Self.create(vendor)).status == 500)
    }

    @Test func `hanging and closing are charged, as the work was done`() {
        for vendor in Self.vendors() {
            vendor.script(.hang, .closeBeforeHead, .closeBeforeHead.with(\.isCharged, false))
            let replies = (0..<3).map { _ in vendor.answer(Self.create(vendor)) }
            #expect(replies[0].conduct == .hangs)
            #expect(replies[1].conduct == .closes)
            let charges = vendor.creates.map(\.chargedMicroUSD)
            #expect(charges[0] > 0 && charges[1] == charges[0] && charges[2] == 0)
        }
    }

    @Test(arguments: [
        ("gpt-image-2", "low", "1024x1024", 5 + 30 * 196), ("gpt-image-2", "high", "1024x1024", 5 + 30 * 7024),
        ("gpt-image-2", "medium", "1024x1536", 5 + 30 * 1372),
        ("gpt-image-2.5-flare", "high", "1024x1024", 5 + 30 * 1756),
        ("gpt-image-2.5-flare", "max", "3840x2160", 5 + 30 * 13_342),
        ("gpt-image-1.5", "high", "1536x1024", 5 + 32 * 6208),
        ("gpt-image-1-mini", "low", "1024x1024", 2 + 8 * 272),
    ])
    func `OpenAI charges by token`(model: String, quality: String, size: String, microUSD: Int) {
        let vendor = FakeOpenAI()
        let body = Self.order.with([
            "model": .string(model), "quality": .string(quality), "size": .string(size), "prompt": "fox",
        ])
        let reply = vendor.answer(.json("/v1/images/generations", key: vendor.key, body))
        #expect(reply.status == 200)
        #expect(vendor.chargedMicroUSD == microUSD)
        #expect(reply.json?["usage"]?["output_tokens_details"] != nil)
        #expect(reply.json?["size"]?.string == size)
        #expect(vendor.pictures.first?.facts?.size?.description == size)
    }

    @Test func `OpenAI's usage may lack its details or be missing`() {
        let vendor = FakeOpenAI()
        vendor.script(.ok.with(\.usage, .withoutOutputDetails), .ok.with(\.usage, .missing), .empty)
        let usages = (0..<3).map { _ in vendor.answer(Self.create(vendor)).json }
        #expect(usages[0]?["usage"]?["output_tokens"] == 196)
        #expect(usages[0]?["usage"]?["output_tokens_details"] == nil)
        #expect(usages[1]?["usage"] == nil)
        #expect(usages[2]?["data"] == [])
    }

    @Test func `OpenAI streams partial pictures and one completed event`() throws {
        let vendor = FakeOpenAI()
        let body = Self.order.with(["stream": true, "partial_images": 2])
        let request = FakeRequest.json("/v1/images/generations", key: vendor.key, body)
        let names = events(vendor.answer(request)).map(\.name)
        #expect(names == ["partial_image", "partial_image", "completed"].map { "image_generation.\($0)" })
        #expect(vendor.partialPictures.count == 2)
        #expect(vendor.chargedMicroUSD == 10 + 30 * (196 + 200))
        vendor.script(
            .ok.with(\.streamEnd, .wrappedError),
            .ok.with(\.streamEnd, .bareError),
            .ok.with(\.streamEnd, .nothing)
        )
        #expect(events(vendor.answer(request)).last?.data["error"]?["code"] == "image_generation_failed")
        #expect(events(vendor.answer(request)).last?.data["code"] == "image_generation_failed")
        #expect(events(vendor.answer(request)).count == 2)
    }

    private func events(_ reply: FakeReply) -> [(name: String, data: JSON)] {
        let answer = ClientReply(status: reply.status, headers: reply.headers, body: reply.body, isComplete: true)
        return answer.events.map { ($0.name, $0.data ?? .null) }
    }

    @Test(arguments: [
        ("generate/core", [:], 30_000), ("generate/ultra", [:], 80_000), ("generate/sd3", [:], 65_000),
        ("generate/sd3", ["model": "sd3.5-flash"], 25_000),
    ])
    func `Stability charges credits`(service: String, fields: [String: String], microUSD: Int) {
        let vendor = FakeStability()
        let sent = StabilityRuleTests.sent(service, fields.merging(["prompt": "fox"]) { $1 })
        let reply = vendor.answer(.form("/v2beta/stable-image/\(service)", key: vendor.key, sent.form))
        #expect(reply.status == 200)
        #expect(reply.header("finish-reason") == "SUCCESS")
        #expect(reply.body == vendor.pictures.first?.bytes)
        #expect(vendor.chargedMicroUSD == microUSD)
    }

    @Test(arguments: ["image/*", "application/json"])
    func `Stability hides moderation in a success`(accept: String) {
        let vendor = FakeStability()
        vendor.script(.ok.with(\.isFiltered, true))
        var request = Self.create(vendor)
        request.headers.append(("accept", accept))
        let reply = vendor.answer(request)
        #expect(reply.status == 200)
        #expect((reply.json?["finish_reason"]?.string ?? reply.header("finish-reason")) == "CONTENT_FILTERED")
        #expect(vendor.chargedMicroUSD == 0)
    }

    @Test func `Stability's slow services are polled`() throws {
        let vendor = FakeStability()
        vendor.script(.ok.with(\.processingPolls, 1))
        let sent = StabilityRuleTests.sent("upscale/creative", ["prompt": "fox"], files: ["image": Sample.png()])
        let id = try #require(
            vendor.answer(.form("/v2beta/stable-image/upscale/creative", key: vendor.key, sent.form)).json?["id"]?
                .string
        )
        func poll(_ id: String) -> FakeReply {
            vendor.answer(FakeRequest("GET", "/v2beta/results/\(id)", headers: [("authorization", vendor.key)]))
        }
        #expect([poll(id).status, poll(id).status, poll("0").status] == [202, 200, 404])
        #expect(vendor.invalid.isEmpty)
    }
}
