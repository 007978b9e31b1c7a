import Orchestrator

/// A stand-in for OpenAI's `POST /v1/moderations` behind its own port, which refuses whatever the real one refuses.
package final class FakeModeration: Sendable {
    /// What one call asked about.
    package enum Question: Sendable, Hashable {
        case texts([String])
        case picture([UInt8])
    }

    package enum Answer: Sendable {
        case clear, flagged
        /// A page of some proxy with this status.
        case broken(Int)
    }

    private struct State: Sendable {
        var answer: @Sendable (Question, Int) -> Answer = { _, _ in .clear }
        var questions: [Question] = []
        var invalid: [String] = []
    }

    package let key = "sk-moderation-0123456789"
    private let state = Lock(State())
    private let server: LoopbackServer

    package init() throws {
        let state = state
        let key = key
        server = try LoopbackServer { $1(Self.reply(to: $0, key: key, state)) }
    }

    deinit { server.stop() }

    package func stop() { server.stop() }

    package var base: String { server.origin + "/v1" }

    /// All valid questions, in the order of their arrival.
    package var questions: [Question] { state.withLock { $0.questions } }

    /// Why calls were refused: empty, or the daemon has a fault.
    package var invalid: [String] { state.withLock { $0.invalid } }

    package var pictures: [[UInt8]] {
        questions.compactMap { if case .picture(let bytes) = $0 { bytes } else { nil } }
    }

    /// Sets what is answered, by the question and its number among those of its kind.
    package func answer(_ answer: @escaping @Sendable (Question, Int) -> Answer) {
        state.withLock { $0.answer = answer }
    }

    // MARK: - One call

    private struct Fault: Error {
        var status = 400
        var reason: String
    }

    private static func reply(to request: FakeRequest, key: String, _ state: Lock<State>) -> FakeReply {
        do throws(Fault) {
            let (model, question) = try read(request, key: key)
            let answer = state.withLock { state in
                let number = state.questions.count { $0.isPicture == question.isPicture }
                state.questions.append(question)
                return state.answer(question, number)
            }
            switch answer {
            case .broken(let status):
                let page = Array("<html>\(status)</html>".utf8)
                return FakeReply(status, headers: [("content-type", "text/html")], body: page)
            case .clear, .flagged:
                var isFlagged = false
                if case .flagged = answer { isFlagged = true }
                return .json(200, body(isFlagged, model, question))
            }
        } catch {
            let reason = error.reason
            state.withLock { $0.invalid.append(reason) }
            let body: JSON = ["error": ["message": .string(reason), "type": "invalid_request_error"]]
            return .json(error.status, body)
        }
    }

    private static func read(_ request: FakeRequest, key: String) throws(Fault) -> (String, Question) {
        guard request.path == "/v1/moderations", request.method == "POST" else {
            throw Fault(status: 404, reason: "Invalid URL (\(request.method) \(request.path))")
        }
        guard request.header("authorization") == "Bearer \(key)" else {
            throw Fault(status: 401, reason: "Incorrect API key provided")
        }
        guard request.mediaType == "application/json", let body = try? JSON(parsing: request.body).object else {
            throw Fault(reason: "the body is no JSON object")
        }
        guard Set(body.keys).isSubset(of: ["model", "input"]), let input = body["input"] else {
            throw Fault(reason: "fields \(body.keys)")
        }
        let model = body["model"]?.string ?? "omni-moderation-latest"
        guard ["omni-moderation-latest", "omni-moderation-2024-09-26"].contains(model) else {
            throw Fault(status: 404, reason: "The model '\(model)' does not exist")
        }
        return (model, try question(input))
    }

    private static func question(_ input: JSON) throws(Fault) -> Question {
        if let text = input.string { return .texts([text]) }
        guard let list = input.array, !list.isEmpty else { throw Fault(reason: "input is empty") }
        let texts = list.compactMap(\.string)
        if texts.count == list.count { return .texts(texts) }
        guard list.count == 1, let part = list[0].object else { throw Fault(reason: "at most one image") }
        guard part.keys.sorted() == ["image_url", "type"], part["type"]?.string == "image_url",
            let url = part["image_url"]?.object, url.keys == ["url"], let text = url["url"]?.string
        else { throw Fault(reason: "a part of the input is no image_url") }
        guard text.utf8.count <= 20_971_520, let data = DataURL(text) else { throw Fault(reason: "no data URL") }
        guard let facts = try? ImageInspector.facts(of: data.bytes), facts.format.mediaType == data.mediaType else {
            throw Fault(reason: "the picture is no \(data.mediaType)")
        }
        return .picture(data.bytes)
    }

    private static func body(_ isFlagged: Bool, _ model: String, _ question: Question) -> JSON {
        let names = [
            "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent",
            "self-harm", "self-harm/intent", "self-harm/instructions", "sexual", "sexual/minors", "violence",
            "violence/graphic",
        ]
        func each(_ value: (Bool) -> JSON) -> JSON {
            .object(JSONObject(names.map { ($0, value(isFlagged && $0 == "violence")) }))
        }
        let result: JSON = [
            "flagged": .bool(isFlagged), "categories": each(JSON.bool),
            "category_scores": each { JSON($0 ? 0.97 : 0.0002) },
            "category_applied_input_types": each { _ in [question.isPicture ? "image" : "text"] },
        ]
        var results = [result]
        if case .texts(let texts) = question { results = texts.map { _ in result } }
        return ["id": .string("modr-" + uniqueHex(24)), "model": .string(model), "results": .array(results)]
    }
}

extension FakeModeration.Question {
    package var isPicture: Bool {
        if case .picture = self { true } else { false }
    }
}
