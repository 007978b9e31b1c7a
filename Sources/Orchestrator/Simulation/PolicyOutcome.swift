/// What a trace comes to under one policy.
package struct PolicyOutcome: Sendable {
    package let policy: String
    package internal(set) var requests = 0
    /// Requests of which no picture was made.
    package internal(set) var failed = 0
    /// Of those, the ones that nobody could have served.
    package internal(set) var unserved = 0
    package internal(set) var pictures = 0
    /// Pictures that were asked for and not made.
    package internal(set) var missing = 0
    package internal(set) var attempts = 0
    /// What the vendors are owed.
    package internal(set) var cost = MicroUSD.zero
    /// What of it bought no picture.
    package internal(set) var wasted = MicroUSD.zero
    /// Pictures by model.
    package internal(set) var shares: [ModelReference: Int] = [:]
    private var scored = 0
    private var scores = 0.0
    private var latencies: [Duration] = []

    init(policy: String) { self.policy = policy }

    mutating func add(pictures count: Int, by candidate: Candidate) {
        pictures += count
        shares[candidate.reference, default: 0] += count
        guard let score = candidate.score else { return }
        scored += count
        scores += score * Double(count)
    }

    mutating func add(latency: Duration) { latencies.append(latency) }

    /// The mean score of the pictures of models that have one; nil without any.
    package var quality: Double? { scored > 0 ? scores / Double(scored) : nil }

    /// The time within which such a share of the answered requests was answered; nil without any (nearest rank).
    package func latency(percentile: Int) -> Duration? {
        guard !latencies.isEmpty else { return nil }
        let rank = (latencies.count * percentile + 99) / 100
        return latencies.sorted()[max(rank, 1) - 1]
    }

    package var costPerPicture: MicroUSD? {
        pictures > 0 ? MicroUSD(micros: cost.micros / Int64(pictures)) : nil
    }

    package var json: JSON {
        func milliseconds(_ percentile: Int) -> JSON {
            latency(percentile: percentile).map { .integer($0.milliseconds) } ?? .null
        }
        let models = shares.sorted { ($1.value, "\($0.key)") < ($0.value, "\($1.key)") }
        return [
            "policy": .string(policy), "requests": .integer(requests), "failed": .integer(failed),
            "unserved": .integer(unserved), "pictures": .integer(pictures), "missing": .integer(missing),
            "attempts": .integer(attempts), "cost_usd": .text(cost), "wasted_usd": .text(wasted),
            "cost_per_picture_usd": .text(costPerPicture),
            "quality": quality.flatMap { JSONNumber($0) }.map(JSON.number) ?? .null,
            "latency_p50_ms": milliseconds(50), "latency_p95_ms": milliseconds(95),
            "models": .object(JSONObject(models.map { ("\($0.key)", .integer($0.value)) })),
        ]
    }
}
