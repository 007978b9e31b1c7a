import Orchestrator

/// Counts what the edge does, for `/metrics`; labels come from closed sets.
final class Metrics: Sendable {
    private struct Series: Hashable, Sendable {
        var route: String
        var method: String
        var status: Int
    }

    private struct Attempts: Hashable, Sendable {
        var provider: String
        var outcome: String
    }

    private struct Seller: Hashable, Sendable {
        var provider: String
        var model: String

        var labels: String { "provider=\"\(provider)\",model=\"\(model)\"" }
    }

    /// What a model's pictures were said to cost, and what they were billed.
    fileprivate struct Drift: Sendable {
        var quoted = MicroUSD.zero
        var billed = MicroUSD.zero
        /// Attempts by their bills' shares of their quotes.
        var buckets = [Int](repeating: 0, count: Metrics.ratios.count + 1)
        var ratios = 0.0
    }

    private struct State: Sendable {
        var requests: [Series: Int] = [:]
        var buckets = [Int](repeating: 0, count: Metrics.bounds.count + 1)
        var seconds = 0.0
        var attempts: [Attempts: Int] = [:]
        var drift: [Seller: Drift] = [:]
        var webhooks = (delivered: 0, failed: 0)
        var swept = 0
    }

    /// Upper bounds of the latency histogram, in seconds.
    private static let bounds: [Double] = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 15, 30, 60, 180]

    /// Upper bounds of the histogram of bills in shares of their quotes.
    fileprivate static let ratios: [Double] = [0.5, 0.9, 0.99, 1, 1.01, 1.1, 1.5, 2, 5]

    private let state = Lock(State())

    func count(route: String, method: String, status: Int, took: Duration) {
        let seconds = Double(took.components.seconds) + Double(took.components.attoseconds) * 1e-18
        let bucket = Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count
        state.withLock { state in
            state.requests[Series(route: route, method: method, status: status), default: 0] += 1
            state.buckets[bucket] += 1
            state.seconds += seconds
        }
    }

    /// Counts the attempts of a job that has ended.
    func count(_ job: JobRecord) {
        state.withLock { state in
            for attempt in job.attempts {
                let outcome = attempt.label ?? attempt.outcome?.rawValue ?? "unknown"
                state.attempts[Attempts(provider: attempt.provider, outcome: outcome), default: 0] += 1
                guard let reckoning = attempt.reckoning else { continue }
                let seller = Seller(provider: attempt.provider, model: attempt.model)
                state.drift[seller, default: Drift()].add(reckoning)
            }
        }
    }

    /// Counts one try to announce a job's end.
    func countWebhook(isDelivered: Bool) {
        state.withLock { state in
            if isDelivered { state.webhooks.delivered += 1 } else { state.webhooks.failed += 1 }
        }
    }

    /// Counts stored pictures that nothing referred to and that were removed.
    func countSwept(_ count: Int) {
        state.withLock { $0.swept += count }
    }

    /// The Prometheus text format.
    func text(_ gauges: [(name: String, help: String, rows: [(labels: String, value: String)])]) -> String {
        let snapshot = state.withLock { $0 }
        var text = "# HELP orchestrator_http_requests_total Requests answered.\n"
        text += "# TYPE orchestrator_http_requests_total counter\n"
        for (series, count) in snapshot.requests.sorted(by: { "\($0.key)" < "\($1.key)" }) {
            text +=
                "orchestrator_http_requests_total{route=\"\(series.route)\",method=\"\(series.method)\","
                + "status=\"\(series.status)\"} \(count)\n"
        }
        text += "# HELP orchestrator_http_request_seconds Time to answer.\n"
        text += "# TYPE orchestrator_http_request_seconds histogram\n"
        var total = 0
        for (bound, count) in zip(Self.bounds.map { "\($0)" } + ["+Inf"], snapshot.buckets) {
            total += count
            text += "orchestrator_http_request_seconds_bucket{le=\"\(bound)\"} \(total)\n"
        }
        text += "orchestrator_http_request_seconds_sum \(snapshot.seconds)\n"
        text += "orchestrator_http_request_seconds_count \(total)\n"
        text += "# HELP orchestrator_attempts_total Calls to providers by outcome.\n"
        text += "# TYPE orchestrator_attempts_total counter\n"
        for (series, count) in snapshot.attempts.sorted(by: { "\($0.key)" < "\($1.key)" }) {
            text +=
                "orchestrator_attempts_total{provider=\"\(series.provider)\",outcome=\"\(series.outcome)\"} \(count)\n"
        }
        text += Self.text(of: snapshot.drift.sorted { $0.key.labels < $1.key.labels })
        text += "# HELP orchestrator_webhook_tries_total Tries to announce the end of a job.\n"
        text += "# TYPE orchestrator_webhook_tries_total counter\n"
        text += "orchestrator_webhook_tries_total{outcome=\"delivered\"} \(snapshot.webhooks.delivered)\n"
        text += "orchestrator_webhook_tries_total{outcome=\"failed\"} \(snapshot.webhooks.failed)\n"
        text += "# HELP orchestrator_pictures_swept_total Stored pictures removed as nothing referred to them.\n"
        text += "# TYPE orchestrator_pictures_swept_total counter\n"
        text += "orchestrator_pictures_swept_total \(snapshot.swept)\n"
        for gauge in gauges {
            text += "# HELP \(gauge.name) \(gauge.help)\n# TYPE \(gauge.name) gauge\n"
            for row in gauge.rows {
                text += "\(gauge.name)\(row.labels.isEmpty ? "" : "{\(row.labels)}") \(row.value)\n"
            }
        }
        return text
    }

    private static func text(of drift: [(key: Seller, value: Drift)]) -> String {
        var text = ""
        let sums: [(String, String, KeyPath<Drift, MicroUSD>)] = [
            ("orchestrator_quoted_usd_total", "Dollars that made pictures were said to cost.", \.quoted),
            ("orchestrator_billed_usd_total", "Dollars that they came to by the vendors' own count.", \.billed),
        ]
        for (name, help, sum) in sums {
            text += "# HELP \(name) \(help)\n# TYPE \(name) counter\n"
            for (seller, row) in drift { text += "\(name){\(seller.labels)} \(row[keyPath: sum])\n" }
        }
        let name = "orchestrator_bill_ratio"
        text += "# HELP \(name) Bills in shares of their quotes.\n# TYPE \(name) histogram\n"
        for (seller, row) in drift {
            var total = 0
            for (bound, count) in zip(ratios.map { "\($0)" } + ["+Inf"], row.buckets) {
                total += count
                text += "\(name)_bucket{\(seller.labels),le=\"\(bound)\"} \(total)\n"
            }
            text += "\(name)_sum{\(seller.labels)} \(row.ratios)\n\(name)_count{\(seller.labels)} \(total)\n"
        }
        return text
    }
}

extension Metrics.Drift {
    fileprivate mutating func add(_ reckoning: Reckoning) {
        quoted += reckoning.quoted
        billed += reckoning.billed
        // What was to be free and is billed is over any quote; what is free as quoted is right.
        let ratio =
            reckoning.quoted == .zero
            ? (reckoning.billed == .zero ? 1 : .greatestFiniteMagnitude)
            : Double(reckoning.billed.micros) / Double(reckoning.quoted.micros)
        buckets[Metrics.ratios.firstIndex { ratio <= $0 } ?? Metrics.ratios.count] += 1
        ratios += min(ratio, 1_000_000)
    }
}
