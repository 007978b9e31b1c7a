import Orchestrator

/// The outcomes as a picture: quality over cost, and the latencies.
struct SimulationPlot {
    private let outcomes: [PolicyOutcome]

    private static let colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555"]
    private static let (left, top, width, height) = (70.0, 50.0, 380.0, 300.0)
    private static let gap = 120.0

    init(_ outcomes: [PolicyOutcome]) { self.outcomes = outcomes }

    /// With one place behind the point.
    static func tenths(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
    }

    var svg: String {
        let whole = (Int(Self.left + 2 * Self.width + Self.gap + 30), Int(Self.top + Self.height + 60))
        var lines = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(whole.0) \(whole.1)\" "
                + "font-family=\"sans-serif\" font-size=\"12\">",
            "<rect width=\"\(whole.0)\" height=\"\(whole.1)\" fill=\"white\"/>",
        ]
        lines += scatter + bars
        return (lines + ["</svg>"]).joined(separator: "\n") + "\n"
    }

    // MARK: - Quality over cost

    private var scatter: [String] {
        let costs = outcomes.map { Double($0.costPerPicture?.micros ?? 0) / 1_000_000 }
        let qualities = outcomes.map { $0.quality ?? 0 }
        let most = max(costs.max() ?? 0, 1e-6) * 1.1
        // Scores are of no scale of ours: what lies between the worst and the best fills the height.
        let (worst, best) = (qualities.min() ?? 0, qualities.max() ?? 0)
        let margin = max((best - worst) * 0.15, max(abs(best), 1) * 0.02)
        let range = (low: worst - margin, high: best + margin)
        var lines = axes(at: Self.left, title: "quality over the cost of a picture")
        for step in 0...4 {
            let share = Double(step) / 4
            let (x, y) = (Self.left + share * Self.width, Self.top + Self.height * (1 - share))
            lines.append(text("$" + Self.amount(share * most), x, Self.top + Self.height + 18, anchor: "middle"))
            lines.append(
                text(Self.tenths(range.low + share * (range.high - range.low)), Self.left - 8, y + 4, anchor: "end")
            )
        }
        for (index, outcome) in outcomes.enumerated() {
            let x = Self.left + costs[index] / most * Self.width
            let y = Self.top + Self.height * (1 - (qualities[index] - range.low) / (range.high - range.low))
            lines.append(
                "<circle cx=\"\(Self.tenths(x))\" cy=\"\(Self.tenths(y))\" r=\"6\" fill=\"\(colour(index))\"/>"
            )
            lines.append(text(outcome.policy, x + 10, y + 4))
        }
        return lines
    }

    // MARK: - Latencies

    private var bars: [String] {
        let start = Self.left + Self.width + Self.gap
        let times = outcomes.map { outcome in
            [50, 95].map { Double(outcome.latency(percentile: $0)?.milliseconds ?? 0) / 1000 }
        }
        let most = max(times.flatMap { $0 }.max() ?? 0, 0.1) * 1.1
        var lines = axes(at: start, title: "latency: p50 full, p95 pale; failed requests below")
        for step in 0...4 {
            let share = Double(step) / 4
            lines.append(
                text(
                    Self.tenths(share * most) + "s",
                    start - 8,
                    Self.top + Self.height * (1 - share) + 4,
                    anchor: "end"
                )
            )
        }
        let room = Self.width / Double(max(outcomes.count, 1))
        for (index, outcome) in outcomes.enumerated() {
            let x = start + (Double(index) + 0.2) * room
            for (time, opacity) in zip(times[index].reversed(), ["0.35", "1"]) {
                let height = time / most * Self.height
                lines.append(
                    "<rect x=\"\(Self.tenths(x))\" y=\"\(Self.tenths(Self.top + Self.height - height))\" "
                        + "width=\"\(Self.tenths(room * 0.6))\" height=\"\(Self.tenths(height))\" "
                        + "fill=\"\(colour(index))\" fill-opacity=\"\(opacity)\"/>"
                )
            }
            lines.append(text(outcome.policy, x + room * 0.3, Self.top + Self.height + 18, anchor: "middle"))
            lines.append(
                text("\(outcome.failed) failed", x + room * 0.3, Self.top + Self.height + 34, anchor: "middle")
            )
        }
        return lines
    }

    // MARK: - Pieces

    private func axes(at x: Double, title: String) -> [String] {
        let (right, bottom) = (Self.tenths(x + Self.width), Self.tenths(Self.top + Self.height))
        let corner = "M\(Self.tenths(x)) \(Self.tenths(Self.top))V\(bottom)H\(right)"
        return [
            text(title, x, Self.top - 20, weight: "bold"), "<path d=\"\(corner)\" fill=\"none\" stroke=\"black\"/>",
        ]
    }

    private func text(
        _ text: String,
        _ x: Double,
        _ y: Double,
        anchor: String = "start",
        weight: String = "normal"
    ) -> String {
        let plain = text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
        return "<text x=\"\(Self.tenths(x))\" y=\"\(Self.tenths(y))\" text-anchor=\"\(anchor)\" "
            + "font-weight=\"\(weight)\">\(plain)</text>"
    }

    private func colour(_ index: Int) -> String { Self.colours[index % Self.colours.count] }

    /// Dollars to a tenth of a cent.
    private static func amount(_ value: Double) -> String {
        "\(MicroUSD(micros: Int64((value * 1000).rounded()) * 1000))"
    }
}
