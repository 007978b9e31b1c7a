/// The most that a request may be charged, told before it is made; no vendor is asked.
package struct CreditEstimate: Sendable {
    package var credits: Int
    package var worth: MicroUSD
    /// What was assumed, for people.
    package var note: String

    /// A prompt that is not told is taken to be so long.
    private static let assumedPrompt = 1000

    /// Reads the body of an estimate: an image request's fields, of which none is needed, and `is_edit`.
    ///
    /// `policy` is the caller's. What is disabled by its health counts as well: it may be well again by then.
    package init(_ fields: JSONObject, registry: Registry, policy: String?, now: Timestamp) throws(APIError) {
        var fields = fields
        let reader = FieldReader(fields)
        var notes = ["the most that this can be charged, before daily free uses"]
        if try reader.string("prompt") == nil {
            fields["prompt"] = .string(String(repeating: "x", count: Self.assumedPrompt))
            notes.append("a prompt of up to \(Self.assumedPrompt) characters")
        }
        if try reader.bool("is_edit") == true, fields["operation"]?.isNull ?? true {
            fields["operation"] = .string(Operation.edit.rawValue)
        }
        let request = try ExplainRequest(fields).request
        if let reference = request.references.first {
            notes.append("\(request.references.count) reference image(s) of up to \(reference.size)")
        }
        let plan = try Planner(registry: registry, health: HealthSnapshot(), today: now.day)
            .plan(request, for: CallerTerms(policy: policy))
        guard !plan.candidates.isEmpty else { throw plan.refusal(at: now) }
        // In self-hosted mode the figures show what the same prices would come to.
        guard let quote = CreditQuote(registry.billing, mode: .official) else { throw .internalError("no prices") }
        if registry.server.mode == .selfHosted { notes.append("nothing is charged in self-hosted mode") }
        worth = quote.claim(for: plan).holds[0]
        credits = quote.credits(roundingUp: worth)
        note = notes.joined(separator: "; ")
    }

    package var body: JSON {
        ["estimated_credits": .integer(credits), "estimated_usd": .text(worth), "note": .string(note)]
    }
}
