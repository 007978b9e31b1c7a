/// A plan as `explain` shows it: who would be asked, at what price, with which body, and why the others not.
package enum PlanAnswer {
    /// `credits` are the most that the caller can be charged by the quote; without one, none.
    package static func body(of plan: Plan, quote: CreditQuote? = nil) -> JSON {
        [
            "policy": .string(plan.policy),
            "candidates": .array(plan.candidates.map { candidate($0, plan.request) }),
            "excluded": .array(plan.excluded.map(exclusion)),
            "cost_usd": .text(plan.candidates.first?.cost),
            "credits": .integer(quote.map { $0.credits(roundingUp: $0.claim(for: plan).holds[0]) } ?? 0),
        ]
    }

    private static func candidate(_ candidate: Candidate, _ request: ImageRequest) -> JSON {
        [
            "provider": .string(candidate.provider.id),
            "model": .string(candidate.model.id),
            "tier": .string(candidate.offer.tier.rawValue),
            "cost_usd": .text(candidate.cost),
            "score": candidate.score.flatMap { JSONNumber($0) }.map(JSON.number) ?? .null,
            "latency_ms": candidate.latency.map { .integer($0.milliseconds) } ?? .null,
            "sends": sends(candidate, request),
        ]
    }

    /// The body of the first call; null where the model could not be asked after all.
    private static func sends(_ candidate: Candidate, _ request: ImageRequest) -> JSON {
        let slots = candidate.calls(for: 0..<request.count)[0]
        let call = candidate.providerRequest(for: request, slots: slots, timeLimit: candidate.provider.timeout)
        let adapter = candidate.provider.adapter
        let uploads = Dictionary(
            adapter.uploads(for: call).map { ($0.digest, "https://uploads.invalid/\($0.digest)") }
        ) { first, _ in first }
        do throws(ProviderFailure) {
            return try adapter.encode(.create(call, uploads: uploads)).body.preview
        } catch {
            return .null
        }
    }

    private static func exclusion(_ exclusion: Exclusion) -> JSON {
        [
            "provider": .string(exclusion.provider), "model": .string(exclusion.model),
            "reason": .string(exclusion.reason), "constraint": .string(exclusion.constraint.rawValue),
        ]
    }
}

extension Plan {
    /// Why there is nobody to ask.
    package func refusal(at now: Timestamp) -> APIError {
        if excluded.contains(where: { $0.constraint == .spendPerDay }) {
            return .dailyBudgetExceeded("every provider that could serve this has spent its daily cap", at: now)
        }
        let reasons = excluded.map(\.reason).joined(separator: "; ")
        return .noEligibleProvider(
            "no provider can serve this request: " + (reasons.isEmpty ? "none is configured" : reasons)
        )
    }
}
