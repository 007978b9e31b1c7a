/// Puts candidates into the order in which they are tried.
struct Ranking {
    var rank: RoutingPolicy.Rank

    init(_ rank: RoutingPolicy.Rank) {
        self.rank = rank
    }

    /// Best first; ties by cost, then by the provider's priority, then by the order of the file.
    func sorted(_ candidates: [(candidate: Candidate, order: Int)]) -> [Candidate] {
        let keys = keys(of: candidates.map(\.candidate))
        return zip(candidates, keys)
            .sorted { a, b in
                if a.1 != b.1 { return a.1 < b.1 }
                let (x, y) = (a.0, b.0)
                if x.candidate.cost != y.candidate.cost { return x.candidate.cost < y.candidate.cost }
                if x.candidate.provider.priority != y.candidate.provider.priority {
                    return x.candidate.provider.priority > y.candidate.provider.priority
                }
                return x.order < y.order
            }
            .map(\.0.candidate)
    }

    /// A number for each candidate, the lowest being tried first; what is unknown ranks last.
    private func keys(of candidates: [Candidate]) -> [Double] {
        switch rank {
        case .cost: return candidates.map { Double($0.cost.micros) }
        case .score: return candidates.map { -($0.score ?? -.infinity) }
        case .latency: return candidates.map { $0.latency.map { Double($0.milliseconds) } ?? .infinity }
        case .order(let names):
            return candidates.map { Double(names.firstIndex(of: $0.reference.description) ?? names.count) }
        case .weighted(let cost, let score, let latency):
            // Each measure becomes a share of the worst or best among the candidates, so that units cancel out.
            let mostCost = candidates.map { Double($0.cost.micros) }.max() ?? 0
            let bestScore = candidates.compactMap(\.score).max() ?? 0
            let slowest = candidates.compactMap { $0.latency.map { Double($0.milliseconds) } }.max() ?? 0
            return candidates.map { candidate in
                let dear = mostCost > 0 ? Double(candidate.cost.micros) / mostCost : 0
                let poor = bestScore > 0 ? 1 - (candidate.score ?? 0) / bestScore : 0
                let slow = slowest > 0 ? candidate.latency.map { Double($0.milliseconds) / slowest } ?? 1 : 0
                return cost * dear + score * poor + latency * slow
            }
        }
    }
}
