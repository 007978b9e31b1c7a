/// What a key may be limited to; one without scopes may do all that its owner may.
enum Scope: String, Sendable, CaseIterable {
    /// Make, publish and delete pictures.
    case imagesWrite = "images:write"
    /// See the owner's private pictures.
    case imagesRead = "images:read"
    /// List, show and watch jobs.
    case jobsRead = "jobs:read"
    /// Cancel jobs.
    case jobsWrite = "jobs:write"
    /// List, make and revoke keys.
    case keys
    /// See the balance and its history, and buy credits.
    case credits
    /// See what was used.
    case usage
    /// Do what administrators may, for a key of one.
    case admin
}
