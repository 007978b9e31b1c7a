import FakeVendors
import Foundation
import Orchestrator
import Testing

/// A file of `examples/providers`, and the vendor that is made from the same facts.
enum ShippedExample: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case fal, blackForestLabs = "black-forest-labs", gemini, ideogram, azure = "azure-openai", automatic1111, comfyui
    case stableDiffusionCpp = "stable-diffusion-cpp"

    var testDescription: String { rawValue }

    /// As it is shipped.
    func text() throws -> String {
        try String(contentsOf: Shell.root.appending(path: "examples/providers/\(rawValue).yaml"), encoding: .utf8)
    }

    /// The model that a test asks for unless it says otherwise.
    var model: String {
        switch self {
        case .fal: "fal/fal-ai/flux/dev"
        case .blackForestLabs: "bfl/flux-pro-1.1"
        case .gemini: "gemini/gemini-2.5-flash-image"
        case .ideogram: "ideogram/ideogram-v3"
        case .azure: "azure/gpt-image-2"
        case .automatic1111: "webui/sd_xl_base_1.0"
        case .comfyui: "comfyui/sd_xl_base_1.0"
        case .stableDiffusionCpp: "sdcpp/sd-cpp-local"
        }
    }

    /// A model that edits; its own, where that one does.
    var editor: String {
        switch self {
        case .fal: "fal/fal-ai/flux-pro/kontext"
        case .blackForestLabs: "bfl/flux-kontext-pro"
        default: model
        }
    }

    /// What one picture costs at quality medium.
    var cost: String {
        switch self {
        case .fal: "0.025"
        case .blackForestLabs: "0.04"
        // By the vendor's tokens: 10 at 0.30 and 1290 at 30 dollars a million.
        case .gemini: "0.038703"
        case .ideogram: "0.06"
        case .azure: "0.053"
        case .automatic1111, .comfyui, .stableDiffusionCpp: "0.000002"
        }
    }

    /// Each documented failure, and the word for it in the job's attempts.
    var failures: [(failure: Failure, label: String)] {
        switch self {
        case .fal:
            [
                (.badRequest, "rejected"), (.badKey, "credential"), (.insufficientQuota, "quota"),
                (.modelGone, "model_unavailable"), (.rateLimited, "rate_limited"), (.server, "server_error"),
                (.moderation, "refused"), (.runFailed, "server_error"), (.runOutOfMemory, "server_error"),
            ]
        case .blackForestLabs:
            [
                (.badRequest, "rejected"), (.badKey, "credential"), (.insufficientQuota, "quota"),
                (.modelGone, "model_unavailable"), (.rateLimited, "rate_limited"), (.server, "server_error"),
                (.overloaded, "server_error"), (.runFailed, "server_error"), (.moderation, "refused"),
                (.runSensitive, "refused"), (.runAborted, "unusable"),
            ]
        case .gemini:
            [
                (.badRequest, "rejected"), (.badKey, "credential"), (.notVerified, "credential"),
                (.insufficientQuota, "quota"), (.modelGone, "model_unavailable"), (.rateLimited, "rate_limited"),
                (.server, "server_error"), (.overloaded, "server_error"), (.moderation, "refused"),
                (.contentPolicy, "refused"), (.runSensitive, "refused"), (.runFailed, "unusable"),
            ]
        case .ideogram:
            [
                (.badRequest, "rejected"), (.badKey, "credential"), (.insufficientQuota, "quota"),
                (.moderation, "refused"), (.rateLimited, "rate_limited"), (.server, "server_error"),
            ]
        case .azure:
            [
                (.badRequest, "rejected"), (.badKey, "credential"), (.modelGone, "model_unavailable"),
                (.insufficientQuota, "quota"), (.rateLimited, "rate_limited"), (.server, "server_error"),
                (.overloaded, "server_error"), (.moderation, "refused"), (.contentPolicy, "refused"),
                (.runFailed, "server_error"),
            ]
        case .automatic1111:
            [
                (.badRequest, "rejected"), (.badKey, "credential"), (.runOutOfMemory, "server_error"),
                (.server, "server_error"),
            ]
        case .comfyui: [(.badRequest, "unsupported"), (.runFailed, "server_error"), (.server, "server_error")]
        case .stableDiffusionCpp:
            [
                (.badRequest, "rejected"), (.rateLimited, "rate_limited"), (.server, "server_error"),
                (.runFailed, "server_error"), (.runAborted, "unusable"),
            ]
        }
    }
}

/// A daemon that serves one shipped example, nothing in it changed but addresses and limits on callers.
struct ExampleScene {
    let daemon: DaemonProcess
    let vendor: any FakeVendor
    let model: String
    /// Another origin, which nobody has declared.
    let stranger: LoopbackServer
    let strangersCalls: Watched<[FakeRequest]>

    var client: HTTPClient { daemon.client }

    static func play(
        _ example: ShippedExample,
        change: (String) -> String = { $0 },
        allowsInvalidCalls: Bool = false,
        _ body: (ExampleScene) async throws -> Void
    ) async throws {
        let strangersCalls = Watched<[FakeRequest]>([])
        let stranger = try LoopbackServer { request, send in
            strangersCalls.change { $0.append(request) }
            send(.json(200, ["status": "Ready"]))
        }
        let stage = try Stage(example)
        let limits = "limits: {per_ip: 100000/min, per_key: 100000/min, global: 1000000/hour, spend_per_day: 1000}\n"
        let daemon = try DaemonProcess(change(stage.text) + limits, environment: stage.environment)
        let scene = ExampleScene(
            daemon: daemon,
            vendor: stage.vendor,
            model: example.model,
            stranger: stranger,
            strangersCalls: strangersCalls
        )
        do {
            try await daemon.start()
            try await body(scene)
        } catch {
            Issue.record("daemon's output:\n\(daemon.output.suffix(4000))")
        }
        if !allowsInvalidCalls { #expect(stage.vendor.invalid.isEmpty) }
        daemon.kill()
        await daemon.untilExit()
        if !stage.vendor.key.isEmpty { #expect(!daemon.output.contains(stage.vendor.key)) }
        let servers = stage.servers + [stranger]
        _ = try? await WorkerThread.run {
            stage.vendor.reset()
            servers.forEach { $0.stop() }
        }
    }

    /// Asks for one picture of medium quality, and whatever else.
    func generate(_ members: [String: JSON] = [:], isAsync: Bool = false) async throws -> ClientReply {
        var body: JSONObject = [
            "prompt": "a fox", "model": .string(model), "quality": "medium", "response_format": "b64_json",
        ]
        for (name, value) in members { body[name] = value }
        let asking = isAsync ? client.with("prefer", "respond-async") : client
        return try await asking.post(Scene.generations, .object(body))
    }

    /// The pictures of an answer.
    func pictures(_ reply: ClientReply) -> [[UInt8]] {
        (reply.json?["data"]?.array ?? []).compactMap { $0["b64_json"]?.string.flatMap { Base64.decode($0) } }
    }

    func job(_ reply: ClientReply) async throws -> JSON {
        let id = try #require(reply.header("x-job-id") ?? reply.json?["id"]?.string)
        return try #require(try await client.get("/v1/jobs/\(id)").json)
    }

    /// The job once it has ended; its events tell when.
    func end(of reply: ClientReply) async throws -> JSON {
        let id = try #require(reply.json?["id"]?.string)
        _ = try await client.get("/v1/jobs/\(id)/events")
        return try #require(try await client.get("/v1/jobs/\(id)").json)
    }
}

/// The vendor of an example behind its ports, and the example's text with their addresses in it.
private struct Stage {
    let vendor: any FakeVendor
    var servers: [LoopbackServer] = []
    var text: String
    var environment: [String: String] = [:]

    init(_ example: ShippedExample) throws {
        text = try example.text()
        switch example {
        case .fal:
            let fal = FakeFal()
            vendor = fal
            servers = [try Self.server(fal), try LoopbackServer { $1(fal.delivery.answer($0)) }]
            fal.serve(at: servers[0].origin, delivery: servers[1].origin)
            environment["FAL_KEY"] = fal.key
            move("https://queue.fal.run")
        case .blackForestLabs:
            let bfl = FakeBFL()
            vendor = bfl
            // The API, one of its regions, and the store of results: three origins, as at the vendor.
            servers = [
                try Self.server(bfl), try Self.server(bfl), try LoopbackServer { $1(bfl.delivery.answer($0)) },
            ]
            bfl.serve(regionAt: servers[1].origin, delivery: servers[2].origin)
            environment["BFL_API_KEY"] = bfl.key
            move("https://api.bfl.ai")
            replace("*.bfl.ai", by: String(servers[1].origin.dropFirst("http://".count)))
        case .gemini:
            let gemini = FakeGemini()
            vendor = gemini
            servers = [try Self.server(gemini)]
            environment["GEMINI_API_KEY"] = gemini.key
            move("https://generativelanguage.googleapis.com")
        case .ideogram:
            let ideogram = FakeIdeogram()
            vendor = ideogram
            servers = [try Self.server(ideogram), try LoopbackServer { $1(ideogram.delivery.answer($0)) }]
            ideogram.serve(delivery: servers[1].origin)
            environment["IDEOGRAM_API_KEY"] = ideogram.key
            move("https://api.ideogram.ai")
        case .azure:
            vendor = FakeAzure()
            try serve("AZURE_OPENAI_ENDPOINT", key: "AZURE_OPENAI_API_KEY")
        case .automatic1111:
            vendor = FakeWebUI()
            try serve("SD_WEBUI_URL", key: "SD_WEBUI_AUTH")
        case .comfyui:
            vendor = FakeComfyUI()
            try serve("COMFYUI_URL")
        case .stableDiffusionCpp:
            vendor = FakeSDServer()
            try serve("SD_CPP_URL")
        }
    }

    private static func server(_ vendor: some FakeVendor) throws -> LoopbackServer {
        try LoopbackServer { vendor.handle($0, send: $1) }
    }

    private mutating func serve(_ address: String, key: String? = nil) throws {
        let vendor = vendor
        servers = [try LoopbackServer { vendor.handle($0, send: $1) }]
        environment[address] = servers[0].origin
        if let key { environment[key] = vendor.key }
    }

    /// Puts the fake's address in the place of the vendor's, which the file names once as `base_url`.
    private mutating func move(_ origin: String) {
        replace("base_url: \(origin)", by: "base_url: \(servers[0].origin)")
    }

    private mutating func replace(_ old: String, by new: String) {
        precondition(text.components(separatedBy: old).count == 2, "'\(old)' does not occur once")
        text = text.replacingOccurrences(of: old, with: new)
    }
}
