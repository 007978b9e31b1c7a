import Orchestrator

/// A stand-in for one vendor's HTTP API that refuses whatever the real one refuses.
///
/// A request is validated before the script is looked at; a wrong one gets the vendor's own error and is kept as invalid.
package protocol FakeVendor: AnyObject, Sendable {
    /// The only key that is taken.
    var key: String { get }
    var books: VendorBooks { get }
    /// Headers on every answer.
    var commonHeaders: [(name: String, value: String)] { get }
    /// Answers one call, already written down under `call`; blocks where the script says so.
    func respond(to request: FakeRequest, as call: Int) throws(Refusal) -> FakeReply
    /// The documented error, as this vendor words it.
    func reply(for failure: Failure, step: Step) -> FakeReply
    /// Every error of ``Failure`` that this vendor documents.
    var documentedFailures: [Failure] { get }
    func resetState()
}

/// The vendor's own answer to a request that it does not take.
package struct Refusal: Error {
    package var reply: FakeReply
    /// For whoever reads the test's output.
    package var reason: String
    /// False where the request was well formed and the vendor has other reasons.
    package var isCallersMistake = true
}

extension FakeVendor {
    package var entries: BookEntries { books.entries }
    package var calls: [Call] { entries.calls }
    package var creates: [Call] { entries.creates }
    package var invalid: [Call] { entries.invalid }
    package var pictures: [Picture] { entries.pictures }
    package var chargedMicroUSD: Int { entries.chargedMicroUSD }

    /// Sets what the next valid calls for pictures meet, in order, and what follows when the list is used up.
    package func script(_ steps: Step..., then usual: Step = .ok) {
        books.script(steps, then: usual)
    }

    /// Forgets all that happened, and the script.
    package func reset() {
        books.reset()
        resetState()
    }

    package func resetState() {}

    /// Suspends until the records say so; see ``VendorBooks/until(_:)``.
    @discardableResult
    package func until(_ condition: @escaping @Sendable (BookEntries) -> Bool) async -> Bool {
        await books.until(condition)
    }

    /// Takes one request from the first byte of the answer to the last, which `send` writes.
    package func handle(_ request: FakeRequest, send: (FakeReply) -> Void) {
        let call = books.begin(request)
        defer { books.finish(call) }
        var reply: FakeReply
        do throws(Refusal) {
            reply = try respond(to: request, as: call)
        } catch {
            reply = error.reply
            if error.isCallersMistake {
                let reason = "\(error.reply.status) \(error.reason)"
                books.note(call) { $0.invalid = reason }
            }
        }
        reply.headers += commonHeaders
        let status = reply.status
        books.note(call) { $0.status = status }
        send(reply)
    }

    /// The same without a socket.
    package func answer(_ request: FakeRequest) -> FakeReply {
        var answer = FakeReply.close
        handle(request) { answer = $0 }
        return answer
    }

    /// The parts of a step that are alike for all vendors; nil when the call shall succeed.
    func misconduct(_ step: Step, call: Int, costMicroUSD: Int) -> FakeReply? {
        switch step.conduct {
        case .ok:
            return nil
        case .hang, .closeBeforeHead:
            if step.isCharged ?? true { books.charge(call, costMicroUSD) }
            if case .hang = step.conduct { return .hang }
            return .close
        case .html(let status):
            let page = "<html><head><title>\(status)</title></head><body>\(step.marker)<hr>proxy</body></html>"
            return FakeReply(status, headers: [("content-type", "text/html")], body: Array(page.utf8))
        case .fail(let failure):
            if step.isCharged ?? false { books.charge(call, costMicroUSD) }
            var reply = reply(for: failure, step: step)
            if let wait = step.retryAfter { reply.headers.append(("retry-after", wait)) }
            return reply
        }
    }

    func damaged(_ reply: FakeReply, _ step: Step) -> FakeReply {
        switch step.damage {
        case .none: reply
        case .cut: reply.cut
        case .truncated: reply.truncated
        }
    }
}

/// Letters and digits that no two calls share: ids of requests, predictions and files.
func uniqueHex(_ count: Int) -> String {
    var text = ""
    while text.count < count { text += String(UInt64.random(in: .min ... .max), radix: 16) }
    return String(text.prefix(count))
}
