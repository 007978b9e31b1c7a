/// Decides who may serve a request and in which order; pure: equal inputs give equal plans.
package struct Planner: Sendable {
    package var registry: Registry
    package var health: HealthSnapshot
    package var today: Day

    package init(registry: Registry, health: HealthSnapshot, today: Day) {
        self.registry = registry
        self.health = health
        self.today = today
    }

    /// Plans `request`; the plan may have no candidates. Throws for names that mean nothing here.
    package func plan(_ request: ImageRequest, for caller: CallerTerms) throws(APIError) -> Plan {
        let selection = try ModelSelection(request, in: registry)
        let wishes = request.routing
        let name = wishes.policy ?? selection.policy ?? caller.policy ?? registry.routing.policy
        guard let policy = registry.policies[name] else {
            throw .invalidValue("routing.policy", "no policy is called '\(name)'")
        }
        for provider in (wishes.providers ?? []) + wishes.exclude where registry.provider(provider) == nil {
            throw .invalidValue("routing", "no provider is called '\(provider)'")
        }
        let fidelity = wishes.fidelity ?? registry.routing.fidelity
        let assessment = Assessment(
            planner: self,
            request: selection.request,
            policy: policy,
            fidelity: fidelity,
            caller: caller
        )
        var candidates: [(candidate: Candidate, isOpen: Bool, order: Int)] = []
        var excluded: [Exclusion] = []
        for (order, (provider, model)) in selection.entries.enumerated() {
            do throws(Mismatch) {
                let candidate = try assessment.candidate(provider, model)
                candidates.append((candidate, health.open.contains(candidate.reference), order))
            } catch {
                excluded.append(
                    Exclusion(
                        provider: provider.id,
                        model: model.id,
                        constraint: error.constraint,
                        reason: "\(provider.id)/\(model.id) \(error.reason)"
                    )
                )
            }
        }
        // A breaker never shuts out the last ones left: a failing vendor is better than none.
        if candidates.contains(where: { !$0.isOpen }) {
            for open in candidates where open.isOpen {
                excluded.append(
                    Exclusion(
                        provider: open.candidate.provider.id,
                        model: open.candidate.model.id,
                        constraint: .breaker,
                        reason: "\(open.candidate.reference) has failed repeatedly and rests"
                    )
                )
            }
            candidates.removeAll { $0.isOpen }
        }
        return Plan(
            policy: name,
            fidelity: fidelity,
            candidates: Ranking(policy.rank).sorted(candidates.map { ($0.candidate, $0.order) }),
            excluded: excluded,
            maxAttempts: wishes.maxAttempts ?? registry.routing.maxAttempts,
            mayFallBack: wishes.fallback ?? true,
            adapted: selection.adapted,
            request: selection.request
        )
    }
}

/// One request held against one model after the other.
private struct Assessment {
    var planner: Planner
    var request: ImageRequest
    var policy: RoutingPolicy
    var fidelity: Fidelity
    var caller: CallerTerms

    func candidate(_ provider: Provider, _ model: Model) throws(Mismatch) -> Candidate {
        try checkProvider(provider)
        if let retires = model.retires, retires <= planner.today {
            throw Mismatch(.retired, "retired on \(retires)")
        }
        if case .order(let names) = policy.rank, !names.contains("\(provider.id)/\(model.id)") {
            throw Mismatch(.order, "is not in the policy's order")
        }
        let rendition = try Rendition(of: request, by: model.capabilities, fidelity: fidelity)
        let candidate = try offer(of: provider, model, rendition)
        if let left = planner.health.remainingSpend[provider.id], left < candidate.cost {
            throw Mismatch(.spendPerDay, "has \(left) dollars left today and this costs \(candidate.cost)")
        }
        return candidate
    }

    private func checkProvider(_ provider: Provider) throws(Mismatch) {
        let wishes = request.routing
        if let only = wishes.providers, !only.contains(provider.id) {
            throw Mismatch(.provider, "is not among the request's providers")
        }
        if wishes.exclude.contains(provider.id) { throw Mismatch(.provider, "is excluded by the request") }
        switch provider.availability {
        case .enabled: break
        case .disabled: throw Mismatch(.enabled, "is disabled")
        case .whenAlone:
            // By provider and not by request: a stand-in must not answer what the real vendors just cannot do.
            if planner.registry.providers.contains(where: { $0.availability == .enabled }) {
                throw Mismatch(.whenAlone, "serves only while no other provider is configured")
            }
        }
        if let own = caller.ownKeys, !own.contains(provider.id), !(provider.adapter is any LocalAdapter) {
            throw Mismatch(.key, "needs a key of the caller's own in X-Provider-Key")
        }
    }

    /// Chooses the tier and prices it.
    private func offer(
        of provider: Provider,
        _ model: Model,
        _ rendition: Rendition
    ) throws(Mismatch) -> Candidate {
        var offers: [TierOffer]
        switch request.quality {
        case .tier(let tier):
            guard let offer = model.offer(tier) else { throw Mismatch(.quality, "has no tier '\(tier.rawValue)'") }
            offers = [offer]
        case .auto:
            if case .score = policy.rank {
                offers = model.tiers.reversed()
            } else {
                let priced = model.tiers.map { ($0, price(of: $0, model, rendition)?.unit) }
                // Stable: of equal prices the lower tier comes first.
                offers = priced.enumerated().sorted { a, b in
                    (a.element.1?.micros ?? .max, a.offset) < (b.element.1?.micros ?? .max, b.offset)
                }.map(\.element.0)
            }
        }
        let ceiling = [request.routing.maxCost, policy.maxCost].compactMap { $0 }.min()
        var mismatch = Mismatch(.price, "has no price for this size")
        var leastCost: MicroUSD?
        for offer in offers {
            guard let (unit, surcharge) = price(of: offer, model, rendition),
                let cost = unit.multiplied(by: request.count)
            else { continue }
            let score = model.score(request.operation, offer)
            if let least = request.routing.minScore, score.map({ $0 < least }) ?? true {
                if leastCost == nil { mismatch = Mismatch(.minScore, "scores less than \(least)") }
                continue
            }
            if let ceiling, cost > ceiling {
                let least = min(cost, leastCost ?? cost)
                leastCost = least
                mismatch = Mismatch(.maxCost, "costs \(least) dollars, over the maximum cost of \(ceiling)")
                continue
            }
            let reference = ModelReference(provider: provider.id, model: model.id)
            return Candidate(
                provider: provider,
                model: model,
                offer: offer,
                rendition: rendition,
                unitPrice: unit,
                surcharge: surcharge,
                cost: cost,
                score: score,
                latency: planner.health.latency[reference] ?? model.latency
            )
        }
        throw mismatch
    }

    /// The price of one picture, and what of it comes on top of the drawing; nil where it is not sold.
    private func price(
        of offer: TierOffer,
        _ model: Model,
        _ rendition: Rendition
    ) -> (unit: MicroUSD, surcharge: MicroUSD)? {
        let tokens = model.tokenCost(at: offer)
        guard let drawing = offer.price.price(for: rendition.pricedSize, by: tokens),
            let surcharge = offer.price.surcharge(
                references: request.references.map(\.size),
                earlyViews: request.earlyViews(from: model.capabilities),
                by: tokens
            ),
            let unit = drawing.adding(surcharge)
        else { return nil }
        return (unit, surcharge)
    }
}

extension ImageRequest {
    /// The early views that a model is asked for, for each picture.
    fileprivate func earlyViews(from capabilities: ModelCapabilities) -> Int {
        stream && capabilities.streams ? partialImages : 0
    }
}
