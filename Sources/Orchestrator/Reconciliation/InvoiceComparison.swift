/// Our attempts at one provider against its bill, day by day and model by model, with what explains a difference.
package struct InvoiceComparison: Sendable {
    /// One day of one model.
    package struct Row: Sendable, Hashable {
        package enum Verdict: String, Sendable, CaseIterable {
            case agrees
            /// The difference is within what attempts of unknown outcome may have cost.
            case unresolved
            /// The same amount is missing on the day before or after: the vendor's day begins elsewhere.
            case neighbour = "other_day"
            /// The vendor's own counts, as they came with the answers, say what the bill says.
            case drift
            case notBilled = "not_on_the_bill"
            case notOurs = "not_in_our_record"
            case differs
        }

        package var day: Day
        package var item: String
        package var ours: MicroUSD
        package var unresolved: MicroUSD
        package var billed: MicroUSD
        package var verdict: Verdict

        package var difference: MicroUSD { billed - ours }
    }

    package var provider: String
    package var rows: [Row]

    /// What one attempt's rounding may come to on a bill in cents.
    private static let rounding = MicroUSD(micros: 10_000)

    /// `spend` and `drift` are grouped by model and day, in this order.
    package init(provider: String, spend: [SpendRow], drift: [DriftRow], invoice: VendorInvoice) {
        self.provider = provider
        let hasItems = invoice.lines.contains { !$0.item.isEmpty }
        let models = Set(spend.compactMap(\.group.first))
        var cells: [Key: Cell] = [:]
        for row in spend {
            guard let key = Key(row.group, hasItems) else { continue }
            cells[key, default: Cell()].ours += row.cost
            cells[key, default: Cell()].unresolved += row.unresolved
        }
        for row in drift {
            guard let key = Key(row.group, hasItems) else { continue }
            cells[key, default: Cell()].drift += row.billed - row.quoted
        }
        for line in invoice.lines {
            let item = hasItems ? Self.model(of: line.item, models) : ""
            cells[Key(day: line.day, item: item), default: Cell()].billed += line.amount
        }
        rows = cells.map { key, cell in
            Row(
                day: key.day,
                item: key.item,
                ours: cell.ours,
                unresolved: cell.unresolved,
                billed: cell.billed,
                verdict: cell.verdict(Self.rounding)
            )
        }
        .sorted { ($0.day, $0.item) < ($1.day, $1.item) }
        explainNeighbours()
    }

    private struct Key: Hashable {
        var day: Day
        var item: String

        init(day: Day, item: String) {
            (self.day, self.item) = (day, item)
        }

        init?(_ group: [String], _ hasItems: Bool) {
            guard group.count == 2, let day = Day(group[1]) else { return nil }
            self.init(day: day, item: hasItems ? group[0] : "")
        }
    }

    private struct Cell {
        var ours = MicroUSD.zero
        var unresolved = MicroUSD.zero
        var drift = MicroUSD.zero
        var billed = MicroUSD.zero

        func verdict(_ rounding: MicroUSD) -> Row.Verdict {
            let difference = billed - ours
            if abs(difference.micros) <= min(rounding.micros, max(abs(billed.micros), ours.micros) / 100) {
                return .agrees
            }
            if difference > .zero, difference <= unresolved + rounding { return .unresolved }
            if drift != .zero, abs((difference - drift).micros) <= rounding.micros { return .drift }
            if ours == .zero, unresolved == .zero { return .notOurs }
            if billed == .zero { return .notBilled }
            return .differs
        }
    }

    /// The model that a line of a bill means: of those whose names are in its text the longest, else the text.
    private static func model(of item: String, _ models: Set<String>) -> String {
        let text = item.lowercased()
        let fitting = models.filter { model in
            let name = model.lowercased()
            return text.contains(name) || text.contains(name.split(separator: "/").last ?? "/")
        }
        return fitting.max { ($0.count, $0) < ($1.count, $1) } ?? item
    }

    private mutating func explainNeighbours() {
        for index in rows.indices where rows[index].verdict.isOpen {
            let row = rows[index]
            for other in rows.indices where rows[other].verdict.isOpen && rows[other].item == row.item {
                guard abs(rows[other].day.number - row.day.number) == 1 else { continue }
                let sum = rows[other].difference + row.difference
                guard abs(sum.micros) <= Self.rounding.micros else { continue }
                rows[index].verdict = .neighbour
                rows[other].verdict = .neighbour
                break
            }
        }
    }

    // MARK: - Sums

    package var ours: MicroUSD { rows.reduce(.zero) { $0 + $1.ours } }
    package var unresolved: MicroUSD { rows.reduce(.zero) { $0 + $1.unresolved } }
    package var billed: MicroUSD { rows.reduce(.zero) { $0 + $1.billed } }
    /// Rows whose difference nothing explains.
    package var unexplained: [Row] { rows.filter { $0.verdict.isOpen } }

    package var body: JSON {
        [
            "object": "reconciliation", "provider": .string(provider), "ours_usd": .text(ours),
            "unresolved_usd": .text(unresolved), "billed_usd": .text(billed), "difference_usd": .text(billed - ours),
            "unexplained": .integer(unexplained.count), "data": .array(rows.map(\.body)),
        ]
    }
}

extension InvoiceComparison.Row {
    package var body: JSON {
        [
            "day": .text(day), "item": .string(item), "ours_usd": .text(ours), "unresolved_usd": .text(unresolved),
            "billed_usd": .text(billed), "difference_usd": .text(difference), "verdict": .string(verdict.rawValue),
            "explanation": .string(verdict.explanation),
        ]
    }
}

extension InvoiceComparison.Row.Verdict {
    fileprivate var isOpen: Bool {
        switch self {
        case .notBilled, .notOurs, .differs: true
        case .agrees, .unresolved, .neighbour, .drift: false
        }
    }

    /// For people.
    package var explanation: String {
        switch self {
        case .agrees: "both say the same, to a cent or a hundredth"
        case .unresolved: "attempts without an answer may have been billed so much"
        case .neighbour: "the same amount is missing on the day before or after: the vendor's day is not UTC's"
        case .drift: "the vendor's own counts were over or under our prices by so much"
        case .notBilled: "we counted this, the bill does not have it"
        case .notOurs: "the bill has this, none of our attempts does: another user of the account, or a lost record"
        case .differs: "nothing on record explains it: look at the prices in providers.yaml"
        }
    }
}
