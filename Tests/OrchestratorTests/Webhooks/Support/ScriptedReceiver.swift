@testable import Orchestrator

/// Receivers of announcements, by host: what each does with its next calls, the last of them for ever.
final class ScriptedReceiver: Upstream {
    enum Step: Sendable {
        case status(Int)
        case error(UpstreamError.Kind)
        /// Does not answer until the test opens the gate; then 200, or broken off.
        case hold(Watched<Bool>, UpstreamError.Kind? = nil)
    }

    struct Call: Sendable {
        var call: UpstreamCall
        var at: Timestamp

        var host: String { WebOrigin(call.request.url)?.host ?? "" }
        var body: JSON? { if case .json(let body) = call.request.body { body } else { nil } }

        func header(_ name: String) -> String? { call.request.headers.first { $0.name == name }?.value }
    }

    struct World: Sendable {
        var scripts: [String: [Step]] = [:]
        var calls: [Call] = []
    }

    let world = Watched(World())
    private let time: ManualTime

    init(time: ManualTime) { self.time = time }

    var calls: [Call] { world.value.calls }

    func script(_ host: String, _ steps: Step...) {
        world.update { $0.scripts[host] = steps }
    }

    func send(_ call: UpstreamCall, sinks: any SinkMaker) async throws(UpstreamError) -> UpstreamReply {
        let made = Call(call: call, at: time.now())
        let step = world.update { world in
            world.calls.append(made)
            var script = world.scripts[made.host] ?? []
            let step = script.first ?? .status(200)
            if script.count > 1 { script.removeFirst() }
            world.scripts[made.host] = script
            return step
        }
        switch step {
        case .status(let status): return UpstreamReply(reply: WireReply(status: status, body: .text("")), blobs: [])
        case .error(let kind): throw UpstreamError(kind, "scripted")
        case .hold(let gate, let kind):
            await gate.wait { $0 }
            if let kind { throw UpstreamError(kind, "scripted") }
            return UpstreamReply(reply: WireReply(status: 200, body: .text("")), blobs: [])
        }
    }

    func stream(
        _ call: UpstreamCall,
        sinks: any SinkMaker,
        onEvent: @escaping @Sendable (UpstreamEvent) async throws -> Void
    ) async throws(UpstreamError) -> UpstreamReply? {
        throw UpstreamError(.notConnected, "receivers do not stream")
    }
}
