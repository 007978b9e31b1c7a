/// What the process has learned of its providers: breakers, latencies, calls under way.
///
/// Shared by all loops; every operation is a short critical section around pure state.
package final class Health: Sendable {
    private struct State: Sendable {
        var breakers: [ModelReference: CircuitBreaker] = [:]
        var latencies: [ModelReference: LatencyEstimate] = [:]
        var budget = RetryBudget()
    }

    private let state = Lock(State())
    private let gates = Lock<[String: CallGate]>([:])

    package init() {}

    /// What the planner needs to know at this moment; `spent` is what is spent today.
    package func snapshot(
        of registry: Registry,
        at now: Duration,
        spent: [SpendSubject: MicroUSD]
    ) -> HealthSnapshot {
        state.withLock { state in
            var snapshot = HealthSnapshot()
            for (reference, breaker) in state.breakers where breaker.isResting(at: now) {
                snapshot.open.insert(reference)
            }
            for (reference, estimate) in state.latencies { snapshot.latency[reference] = estimate.value }
            for provider in registry.providers {
                guard let cap = provider.spendPerDay else { continue }
                snapshot.remainingSpend[provider.id] = max(cap - (spent[.provider(provider.id)] ?? .zero), .zero)
            }
            return snapshot
        }
    }

    /// The gate of a provider, with the limit that its registry entry has now.
    package func gate(of provider: Provider) -> CallGate {
        gates.withLock { gates in
            if let gate = gates[provider.id] { return gate }
            let gate = CallGate(limit: provider.maxInFlight, pace: provider.pace)
            gates[provider.id] = gate
            return gate
        }
    }

    /// Takes the limits of a new registry.
    package func adopt(_ registry: Registry) {
        for provider in registry.providers {
            let gate = gate(of: provider)
            gate.setLimit(provider.maxInFlight)
            gate.setPace(provider.pace)
        }
    }

    // MARK: Calls

    /// Asks the breaker whether a call may go; a yes may be the one probe of this second.
    package func admits(_ reference: ModelReference, at now: Duration) -> Bool {
        state.withLock { $0.breakers[reference]?.admits(at: now) ?? true }
    }

    /// Counts a call as under way; false when it is a retry and the budget for retries is used up.
    package func begin(isRetry: Bool) -> Bool {
        state.withLock { state in
            if isRetry {
                guard state.budget.allowsOneMore else { return false }
                state.budget.activeRetries += 1
            }
            state.budget.activeCalls += 1
            return true
        }
    }

    /// Whether a retry would be allowed now.
    package var allowsRetry: Bool { state.withLock { $0.budget.allowsOneMore } }

    /// Ends a call that `begin` counted, and learns from how it went; `success` is nil where it says nothing of the model.
    package func end(
        _ reference: ModelReference,
        isRetry: Bool,
        success: Bool?,
        took: Duration,
        at now: Duration
    ) {
        state.withLock { state in
            state.budget.activeCalls -= 1
            if isRetry { state.budget.activeRetries -= 1 }
            guard let success else { return }
            state.breakers[reference, default: CircuitBreaker()].record(success: success, at: now)
            if success { state.latencies[reference, default: LatencyEstimate()].add(took) }
        }
    }

    // MARK: For people and metrics

    package struct ProviderReport: Sendable {
        package var inFlight: Int
        package var breakers: [(model: String, state: CircuitBreaker.State, failures: Int)]
        package var latency: [String: Duration]
    }

    package func report(of provider: Provider) -> ProviderReport {
        let inFlight = gate(of: provider).inFlight
        return state.withLock { state in
            var report = ProviderReport(inFlight: inFlight, breakers: [], latency: [:])
            for model in provider.models {
                let reference = ModelReference(provider: provider.id, model: model.id)
                let breaker = state.breakers[reference] ?? CircuitBreaker()
                report.breakers.append((model.id, breaker.state, breaker.failures))
                report.latency[model.id] = state.latencies[reference]?.value
            }
            return report
        }
    }
}
