/// What somebody is to be told of a condition that holds.
package struct AlertFinding: Sendable, Hashable {
    package var key: AlertKey
    /// What was found, and what the rule allows.
    package var value: String
    package var threshold: String
    /// For people.
    package var message: String

    package init(_ key: AlertKey, value: String, threshold: String, message: String) {
        self.key = key
        self.value = value
        self.threshold = threshold
        self.message = message
    }
}

/// Decides what is news: each condition is told once when it begins, and once when it is over.
package struct AlertBoard: Sendable {
    /// What changed in the record of open alerts.
    package enum Change: Sendable, Hashable {
        case keep(OpenAlert)
        case forget(AlertKey)
    }

    package private(set) var open: [AlertKey: OpenAlert]

    package init(_ open: [OpenAlert]) {
        self.open = Dictionary(open.map { ($0.key, $0) }) { $1 }
    }

    /// Compares what holds now with what held before. `isKnown` says whether the absence of a finding means anything: after
    /// a restart nothing is known of a provider that nobody has asked.
    package mutating func update(
        _ findings: [AlertFinding],
        isKnown: (AlertKey) -> Bool,
        now: Timestamp
    ) -> [Change] {
        var changes: [Change] = []
        let holding = Set(findings.map(\.key))
        for key in holding {
            guard var alert = open[key] else {
                let alert = OpenAlert(key: key, since: now, stage: .fresh)
                open[key] = alert
                changes.append(.keep(alert))
                continue
            }
            // Nobody has heard that it was over.
            guard alert.stage == .over else { continue }
            alert.stage = .told
            open[key] = alert
            changes.append(.keep(alert))
        }
        for var alert in open.values where !holding.contains(alert.key) && isKnown(alert.key) {
            switch alert.stage {
            case .over: continue
            case .fresh:
                open[alert.key] = nil
                changes.append(.forget(alert.key))
            case .told:
                alert.stage = .over
                open[alert.key] = alert
                changes.append(.keep(alert))
            }
        }
        return changes
    }

    /// What is still to be told, the longest open first.
    package var untold: [OpenAlert] {
        open.values.filter { $0.stage != .told }
            .sorted {
                ($0.since, $0.key.rule.rawValue, $0.key.subject) < ($1.since, $1.key.rule.rawValue, $1.key.subject)
            }
    }

    /// Somebody took the news of an alert.
    package mutating func tell(_ key: AlertKey) -> Change? {
        guard var alert = open[key] else { return nil }
        switch alert.stage {
        case .told: return nil
        case .over:
            open[key] = nil
            return .forget(key)
        case .fresh:
            alert.stage = .told
            open[key] = alert
            return .keep(alert)
        }
    }
}
