import FakeVendors
import Orchestrator
import Testing

@Suite(.timeLimit(.minutes(1))) struct FarmTests {
    let farm: VendorFarm
    let openAI: HTTPClient
    let replicate: HTTPClient

    init() throws {
        farm = try VendorFarm()
        openAI = HTTPClient(port: farm.openAIServer.port, key: farm.openAI.key)
        replicate = HTTPClient(port: farm.replicateServer.port, key: farm.replicate.key).with("prefer", "wait")
    }

    func draw() async throws -> ClientReply {
        try await openAI.post("/v1/images/generations", ScriptTests.order)
    }

    @Test func `pictures arrive over the wire as they were made`() async throws {
        let reply = try await draw()
        #expect(reply.status == 200)
        #expect(reply.header("x-request-id") != nil)
        let base64 = try #require(reply.json?["data"]?[0]?["b64_json"]?.string)
        let bytes = try #require(Base64.decode(base64))
        #expect(SHA256.hex(bytes) == farm.openAI.pictures.first?.sha256)

        let core = HTTPClient(port: farm.stabilityServer.port, key: farm.stability.key)
        let other = try await core.post("/v2beta/stable-image/generate/core", FormBody().field("prompt", "fox"))
        #expect(other.body == farm.stability.pictures.first?.bytes)

        let run = try await replicate.post(ScriptTests.schnell, ScriptTests.run)
        let link = try #require(run.json?["output"]?[0]?.string)
        #expect(link.hasPrefix(farm.deliveryServer.origin))
        let path = String(link.dropFirst(farm.deliveryServer.origin.count))
        let file = try await HTTPClient(port: farm.deliveryServer.port).get(path)
        #expect(file.body == farm.replicate.pictures.first?.bytes)
        #expect(farm.creates.count == 3 && farm.invalid.isEmpty)
        #expect(farm.chargedMicroUSD == 10 + 30 * 196 + 30_000 + 6_000)
    }

    @Test func `a held call rests until its gate opens`() async throws {
        let gate = Gate()
        farm.openAI.script(.held(by: gate), then: .held(by: gate))
        async let first = draw()
        async let second = draw()
        #expect(await farm.openAI.until { $0.inFlight == 2 })
        #expect(farm.openAI.pictures.isEmpty)
        gate.open()
        #expect(try await [first.status, second.status] == [200, 200])
        #expect(farm.openAI.entries.peakInFlight == 2)
        #expect(await farm.openAI.until { $0.inFlight == 0 })
    }

    @Test func `broken connections look broken`() async throws {
        farm.openAI.script(.closeBeforeHead, .cutBody, .truncatedBody, .ok.with(\.streamEnd, .cut))
        await #expect(throws: HTTPClient.NoAnswer.self) { try await draw() }
        let cut = try await draw()
        #expect(!cut.isComplete)
        let truncated = try await draw()
        #expect(truncated.isComplete && truncated.json == nil)
        let stream = try await openAI.post("/v1/images/generations", ScriptTests.order.with(["stream": true]))
        #expect(!stream.isComplete)
        #expect(farm.openAI.chargedMicroUSD == 4 * (10 + 30 * 196))
    }

    @Test func `a hanging call ends when its client leaves`() async throws {
        farm.openAI.script(.hang)
        let request = FakeRequest.json("/v1/images/generations", key: farm.openAI.key, ScriptTests.order)
        let client = openAI
        async let left: Void = client.abandon(request)
        #expect(await farm.openAI.until { $0.calls.first?.isFinished ?? false })
        try await left
        #expect(farm.openAI.creates.first?.status == 0)
    }

    @Test func `a closed port refuses and opens again`() async throws {
        farm.openAIServer.refuseConnections()
        await #expect(throws: (any Error).self) { try await draw() }
        try farm.openAIServer.acceptConnections()
        #expect(try await draw().status == 200)
        #expect(farm.openAI.calls.count == 1)
    }

    @Test func `stopping ends calls that are held or hang`() async throws {
        let gate = Gate()
        farm.openAI.script(.held(by: gate), .hang)
        let farm = farm
        async let first = try? draw()
        async let second = try? draw()
        #expect(await farm.openAI.until { $0.inFlight == 2 })
        try await WorkerThread.run { farm.stop() }
        _ = await (first, second)
        #expect(farm.openAI.entries.inFlight == 0)
    }

    @Test func `the registry names every vendor and no key`() {
        let text = farm.registry.with { $0.hasSandbox = true }.text
        for word in ["openai", "stability", "replicate", "sandbox", farm.openAIBase, "${OPENAI_API_KEY}"] {
            #expect(text.contains(word))
        }
        #expect(farm.secrets.allSatisfy { !text.contains($0) })
        #expect(!farm.registry.only("openai").text.contains("stability"))
    }
}
