import Orchestrator

/// The host that output files are fetched from: another origin than the API's, and no file lasts.
package final class DeliveryHost: Sendable {
    /// One request for a file.
    package struct Fetch: Sendable {
        package let request: FakeRequest
        package let status: Int
    }

    private struct State {
        var files: [String: (type: String, bytes: [UInt8])] = [:]
        var fetches: [Fetch] = []
        var origin = "https://replicate.delivery"
        var isGoneAfterFirst = true
    }

    private let state = Lock(State())

    package init() {}

    /// All requests so far; the vendor's key has no business in any of them.
    package var fetches: [Fetch] { state.withLock { $0.fetches } }

    /// Whether a file vanishes with its first complete GET (the default) or stays.
    package func expireAfterFirstGet(_ isGone: Bool) {
        state.withLock { $0.isGoneAfterFirst = isGone }
    }

    func serve(at origin: String) {
        state.withLock { $0.origin = origin }
    }

    func reset() {
        state.withLock {
            $0.files = [:]
            $0.fetches = []
            $0.isGoneAfterFirst = true
        }
    }

    /// Puts a file up and returns its URL; nil bytes make a link that leads nowhere.
    func publish(_ bytes: [UInt8]?, type: String, fileExtension: String) -> String {
        let path = "/yhqm/\(uniqueHex(24))/out-0.\(fileExtension)"
        return state.withLock { state in
            if let bytes { state.files[path] = (type, bytes) }
            return state.origin + path
        }
    }

    /// Answers one request.
    package func answer(_ request: FakeRequest) -> FakeReply {
        state.withLock { state in
            var reply = FakeReply(404, headers: [("content-type", "text/plain")], body: Array("not found".utf8))
            if request.method == "GET", let file = state.files[request.path] {
                reply = FakeReply(200, headers: [("content-type", file.type)], body: file.bytes)
                if state.isGoneAfterFirst { state.files[request.path] = nil }
            }
            state.fetches.append(Fetch(request: request, status: reply.status))
            return reply
        }
    }
}
