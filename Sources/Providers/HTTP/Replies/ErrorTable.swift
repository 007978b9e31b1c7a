import Orchestrator

/// How a vendor words its failures: where message and code stand, and what they mean.
struct ErrorTable: Sendable {
    /// In the order in which they are looked at.
    var message: [FactSource] = []
    var code: [FactSource] = []
    /// Members whose presence makes a success a failure.
    var present: [Pointer] = []
    /// Seconds to wait.
    var retryAfter: FactSource?
    var codes: [String: FailureClass] = [:]
    /// Parts of messages in lower case, in the order of the file.
    var messages: [(part: String, meaning: FailureClass)] = []
    var statuses: [Int: FailureClass] = [:]
    /// By hundreds: `5xx` is 5.
    var statusHundreds: [Int: FailureClass] = [:]

    /// What a reply says of itself, for the tables and for the log.
    struct Finding {
        var codes: [String]
        var messages: [String]

        /// One line for the log.
        var text: String { messages.joined(separator: "; ") }
    }

    func finding(in reply: WireReply) -> Finding {
        var messages = message.flatMap { $0.words(in: reply) }
        if messages.isEmpty, case .text(let text) = reply.body { messages = [text] }
        return Finding(codes: code.flatMap { $0.words(in: reply) }, messages: messages)
    }

    /// Whether a success says that it is none.
    func isFailure(_ document: JSON) -> Bool {
        present.contains { pointer in
            pointer.values(in: document).contains { value in
                switch value {
                case .null, .bool(false), .blob: false
                case .string(let text): !text.isEmpty
                case .object(let members): !members.isEmpty
                case .array(let elements): !elements.isEmpty
                case .bool, .number: true
                }
            }
        }
    }

    /// The class that codes or messages name; codes come first.
    func meaning(of finding: Finding) -> FailureClass? {
        if let meaning = finding.codes.lazy.compactMap({ codes[$0] }).first { return meaning }
        let texts = finding.messages.map { $0.lowercased() }
        return messages.first { entry in texts.contains { $0.contains(entry.part) } }?.meaning
    }

    func meaning(ofStatus status: Int) -> FailureClass? { statuses[status] ?? statusHundreds[status / 100] }

    func pause(in reply: WireReply, _ finding: Finding) -> Duration? {
        if let pause = reply.retryAfter { return pause }
        if let word = retryAfter?.words(in: reply).first, let seconds = Double(word), (0..<86_400).contains(seconds) {
            return .milliseconds(Int64(seconds * 1000))
        }
        return finding.messages.lazy.compactMap { WaitHint.duration(in: $0) }.first
    }

    /// The failure that a reply announces: by code, by message, by `otherwise`, by the declared status, or by what
    /// statuses mean everywhere.
    func failure(_ reply: WireReply, to call: VendorCall, otherwise: FailureClass? = nil) -> ProviderFailure {
        let finding = finding(in: reply)
        let pause = pause(in: reply, finding)
        let known = meaning(of: finding) ?? otherwise ?? meaning(ofStatus: reply.status)
        let kind =
            known?.kind(status: reply.status, retryAfter: pause)
            ?? Self.kind(status: reply.status, retryAfter: pause, to: call)
        let code = finding.codes.first
        let detail = "http \(reply.status)\(code.map { " \(VendorQuote($0))" } ?? ""): \(VendorQuote(finding.text))"
        return ProviderFailure(kind, detail, code: code.map { VendorQuote($0).description })
    }

    /// What a status means where nothing is declared.
    private static func kind(status: Int, retryAfter: Duration?, to call: VendorCall) -> FailureKind {
        switch (call, status) {
        // Work that is gone was made, and paid.
        case (.poll, 404), (.poll, 410), (.collect, 404), (.collect, 410): .unusable
        case (.poll, _), (.cancel, _): FailureKind(status: status, retryAfter: retryAfter, mayRepeat: true)
        // What is to be collected has been made: a repeat would be new work.
        case (.collect, _): FailureKind(status: status, retryAfter: retryAfter, mayRepeat: false)
        case (.create, _), (.upload, _):
            FailureKind(status: status, retryAfter: retryAfter, mayRepeat: FailureKind.isVendorsOwn(status))
        }
    }
}
