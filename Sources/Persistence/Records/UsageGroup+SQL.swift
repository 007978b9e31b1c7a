internal import Orchestrator

extension UsageGroup {
    /// What is grouped by, in a query of jobs.
    var expression: String {
        switch self {
        case .all: "''"
        case .operation: "operation"
        case .model:
            """
            coalesce((SELECT attempts.provider || '/' || attempts.model FROM attempts WHERE job_id = jobs.id
                ORDER BY CASE WHEN outcome = 'ok' THEN 0 ELSE 1 END, n DESC LIMIT 1), '')
            """
        case .day: "created_ms / 86400000"
        case .user: "owner"
        }
    }
}
