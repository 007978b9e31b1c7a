import Orchestrator

/// A value that the file makes of others, for templates to name: a table of words, or a text with a default.
struct DeclaredValue: Sendable {
    /// What holds where there is no value, or none for this one.
    enum Fallback: Sendable {
        /// The vendor has no word for it: the request is not for this vendor.
        case unsupported
        case omitted
        case value(JSON)
    }

    var name: String
    var source: Template
    /// The vendor's word for each of ours; nil: the text itself.
    var table: [String: JSON]?
    var fallback: Fallback?

    func value(_ values: RequestValues) throws(ProviderFailure) -> JSON? {
        guard let value = try source.value(values) else {
            if case .value(let value)? = fallback { return value }
            return nil
        }
        guard let table else { return value }
        let word = value.word ?? ""
        if let found = table[word] { return found }
        switch fallback {
        case .value(let value): return value
        case .omitted: return nil
        case .unsupported, nil:
            throw ProviderFailure(.unavailable(.unsupported), "'\(name)' has no word for '\(VendorQuote(word))'")
        }
    }
}
