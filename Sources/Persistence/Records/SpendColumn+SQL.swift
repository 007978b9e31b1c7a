internal import Orchestrator

extension SpendColumn {
    /// What is grouped by, in a query of attempts and their jobs.
    var expression: String {
        switch self {
        case .provider: "attempts.provider"
        case .model: "attempts.model"
        case .tier: "attempts.tier"
        case .key: "coalesce(jobs.key_id, '')"
        case .day: "attempts.started_ms / 86400000"
        }
    }
}
