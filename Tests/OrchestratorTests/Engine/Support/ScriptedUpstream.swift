@testable import Orchestrator

/// What a vendor of these tests does with one call.
enum Step: Sendable {
    /// Delivers pictures, as many as asked unless `count` says otherwise; those of `broken` are no pictures.
    case pictures(count: Int? = nil, tokens: Int? = nil, of: ScriptedPicture = ScriptedPicture(), broken: Set<Int> = [])
    /// Answers with a failure, by its word in `FailureKind.scripted`.
    case fail(String)
    /// Gives no answer.
    case error(UpstreamError.Kind)
    /// Names the work, which goes on.
    case pending(String)
    case canceled
    /// Answers with this document.
    case answer(JSONObject)
    /// Says where the picture lies.
    case link(String)
    /// Takes all the time that there is.
    case hang
    /// Waits until the test opens the gate, then does the next thing of the script.
    case hold(Watched<Bool>)
    /// Events of a stream: early pictures first, then how it ends.
    case stream(partials: Int, ending: String?)
}

/// The outside world, by a script for each place: `a` for the work of provider a, `a/poll`, `a/cancel`, `a/file`.
final class ScriptedUpstream: Upstream {
    struct Call: Sendable {
        var place: String
        var method: WireRequest.Method
        var body: JSON?
        var credential: String?
        var timeLimit: Duration
        var reach: Reach
    }

    struct World: Sendable {
        var scripts: [String: [Step]] = [:]
        var calls: [Call] = []
        var inFlight: [String: Int] = [:]
        var mostInFlight: [String: Int] = [:]
        var pictures = 0
    }

    let world = Watched(World())
    private let time: ManualTime

    init(time: ManualTime) {
        self.time = time
    }

    /// Sets what the next calls at a place do; the last step is repeated.
    func script(_ place: String, _ steps: Step...) {
        world.update { $0.scripts[place] = steps }
    }

    var calls: [Call] { world.value.calls }

    /// The places called, in order.
    var places: [String] { calls.map(\.place) }

    func send(_ call: UpstreamCall, sinks: any SinkMaker) async throws(UpstreamError) -> UpstreamReply {
        let place = enter(call)
        defer { world.update { $0.inFlight[place, default: 1] -= 1 } }
        guard !Task.isCancelled else { throw UpstreamError(.cancelled(sent: false), "cancelled") }
        while true {
            switch nextStep(at: place) {
            case .hold(let gate):
                await gate.wait { $0 }
                if Task.isCancelled { throw UpstreamError(.cancelled(sent: true), "cancelled") }
            case .pictures(let count, let tokens, let picture, let broken):
                return pictures(call, count: count, tokens: tokens, picture, broken: broken, sinks)
            case .fail(let word): return document(["failure": .string(word)], status: 400)
            case .pending(let id): return document(["pending": .string(id)])
            case .link(let url): return document(["url": .string(url)])
            case .canceled: return document(["canceled": true])
            case .answer(let body): return document(body)
            case .hang:
                time.advance(by: call.timeLimit)
                throw UpstreamError(.timeout(sent: true), "no answer")
            case .error(let kind): throw UpstreamError(kind, "scripted")
            case .stream: return document(["failure": "unusable"])
            }
        }
    }

    func stream(
        _ call: UpstreamCall,
        sinks: any SinkMaker,
        onEvent: @escaping @Sendable (UpstreamEvent) async throws -> Void
    ) async throws(UpstreamError) -> UpstreamReply? {
        let place = enter(call)
        defer { world.update { $0.inFlight[place, default: 1] -= 1 } }
        switch nextStep(at: place) {
        case .stream(let partials, let ending):
            do {
                for _ in 0..<partials { try await onEvent(event("partial", sinks)) }
                if let ending {
                    let failure = WireEvent(name: "error", document: ["failure": .string(ending)])
                    try await onEvent(UpstreamEvent(event: failure, blobs: []))
                } else {
                    try await onEvent(event("completed", sinks))
                }
            } catch {
                throw UpstreamError(.cut(status: 200), "stopped by the reader")
            }
            return nil
        case .fail(let word): return document(["failure": .string(word)], status: 400)
        default: throw UpstreamError(.notConnected, "no such script for a stream")
        }
    }

    private func enter(_ call: UpstreamCall) -> String {
        let origin = WebOrigin(call.request.url)?.host.split(separator: ".").first.map(String.init) ?? "?"
        let kind = call.request.url.split(separator: "/").dropFirst(2).first ?? ""
        let place = kind == "create" ? origin : "\(origin)/\(kind)"
        var body: JSON?
        if case .json(let document) = call.request.body { body = document }
        let seen = Call(
            place: place,
            method: call.request.method,
            body: body,
            credential: call.request.authentication == .none ? nil : call.credential?.reveal(),
            timeLimit: call.timeLimit,
            reach: call.reach
        )
        world.update { world in
            world.calls.append(seen)
            world.inFlight[place, default: 0] += 1
            world.mostInFlight[place] = max(world.mostInFlight[place] ?? 0, world.inFlight[place] ?? 0)
        }
        return place
    }

    private func nextStep(at place: String) -> Step {
        world.update { world in
            guard var script = world.scripts[place], let step = script.first else {
                return place.hasSuffix("/cancel") ? .canceled : .pictures()
            }
            if script.count > 1 { script.removeFirst() }
            world.scripts[place] = script
            return step
        }
    }

    private func document(_ body: JSONObject, status: Int = 200) -> UpstreamReply {
        UpstreamReply(reply: WireReply(status: status, body: .document(.object(body))), blobs: [])
    }

    private func pictures(
        _ call: UpstreamCall,
        count: Int?,
        tokens: Int?,
        _ picture: ScriptedPicture,
        broken: Set<Int>,
        _ sinks: any SinkMaker
    ) -> UpstreamReply {
        var asked = 1
        if case .json(let body) = call.request.body { asked = body["n"]?.int ?? 1 }
        let blobs = (0..<(count ?? asked)).map { index in
            broken.contains(index) ? filled(sinks, Array("garbage".utf8)) : self.picture(sinks, picture)
        }
        if case .picture = call.request.reply {
            return UpstreamReply(reply: WireReply(status: 200, body: .picture(BlobID(index: 0))), blobs: blobs)
        }
        var body: JSONObject = ["pictures": .array(blobs.indices.map { .blob(BlobID(index: $0)) })]
        body["tokens"] = tokens.map { .integer($0) }
        return UpstreamReply(reply: WireReply(status: 200, body: .document(.object(body))), blobs: blobs)
    }

    private func event(_ name: String, _ sinks: any SinkMaker) -> UpstreamEvent {
        UpstreamEvent(
            event: WireEvent(name: name, document: ["picture": .blob(BlobID(index: 0))]),
            blobs: [picture(sinks, ScriptedPicture())]
        )
    }

    private func picture(_ sinks: any SinkMaker, _ picture: ScriptedPicture) -> any ArtifactSink {
        var picture = picture
        picture.number = world.update { world in
            world.pictures += 1
            return world.pictures
        }
        return filled(sinks, picture.bytes)
    }

    private func filled(_ sinks: any SinkMaker, _ bytes: [UInt8]) -> any ArtifactSink {
        let sink = sinks.makeSink()
        sink.write(bytes.span)
        sink.finish()
        return sink
    }
}
