import Orchestrator

/// One call of a vendor's API, with variables in it.
struct CallTemplate: Sendable {
    /// A named text, left out where it has no value.
    typealias Field = (name: String, value: Template)

    enum Body: Sendable {
        case none
        case json(BodyTemplate)
        case form(FormTemplate)
    }

    /// Where the call goes.
    enum Address: Sendable {
        /// A path below the base URL.
        case path(Template)
        /// An address that a reply names.
        case reply(Pointer)
    }

    var method: WireRequest.Method
    var address: Address
    var query: [Field] = []
    var headers: [Field] = []
    var body = Body.none

    /// The path and query below the base URL; nil where the address comes from a reply.
    func target(_ values: some TemplateValues) throws(ProviderFailure) -> String? {
        guard case .path(let path) = address else { return nil }
        return try path.path(values) + Self.query(query, values)
    }

    func headers(_ values: some TemplateValues) throws(ProviderFailure) -> [(name: String, value: String)] {
        var lines: [(name: String, value: String)] = []
        for (name, template) in self.headers {
            guard let value = try template.text(values) else { continue }
            guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                throw ProviderFailure(.unavailable(.unsupported), "the header '\(name)' would hold a control character")
            }
            lines.append((name, value))
        }
        return lines
    }

    static func query(_ fields: [Field], _ values: some TemplateValues) throws(ProviderFailure) -> String {
        var pairs: [String] = []
        for (name, template) in fields {
            guard let value = try template.text(values) else { continue }
            pairs.append("\(PercentEncoding.query(name))=\(PercentEncoding.query(value))")
        }
        return pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
    }
}
