/// What a vendor says it charged, day by day, read from an export of its bill.
package struct VendorInvoice: Sendable {
    package struct Line: Sendable, Hashable {
        package var day: Day
        /// As the vendor names it; empty where the bill has no such column.
        package var item: String
        package var amount: MicroUSD
    }

    package struct Fault: Error, Sendable {
        package var message: String
    }

    package private(set) var lines: [Line] = []

    /// Names of columns as vendors' exports have them, the better ones first.
    private static let dayColumns = [
        "day", "date", "usage_date", "start_time_iso", "start_time", "timestamp", "created_at", "time",
    ]
    private static let amountColumns = [
        "amount_usd", "cost_usd", "amount_value", "cost", "amount", "total_usd", "total", "usd",
    ]
    private static let itemColumns = ["model", "line_item", "item", "description", "product", "sku"]

    /// `columns` names the columns to read where their names are unusual: `day`, `amount`, `item`.
    package init(csv bytes: [UInt8], columns: [String: String] = [:]) throws(Fault) {
        let rows: [[String]]
        do throws(CSVReader.Fault) {
            rows = try CSVReader.rows(bytes)
        } catch {
            throw Fault(message: "line \(error.line): \(error.message)")
        }
        guard let header = rows.first else { throw Fault(message: "it is empty") }
        let names = header.map { $0.lowercased().filter { $0 != " " } }
        func find(_ what: String, _ usual: [String]) -> Int? {
            if let name = columns[what] { return header.firstIndex(of: name) }
            return usual.lazy.compactMap { names.firstIndex(of: $0) }.first
        }
        guard let day = find("day", Self.dayColumns) else { throw Self.missing("day", Self.dayColumns) }
        guard let amount = find("amount", Self.amountColumns) else { throw Self.missing("amount", Self.amountColumns) }
        let item = find("item", Self.itemColumns)
        if columns["item"] != nil, item == nil { throw Self.missing("item", Self.itemColumns) }
        for (number, row) in rows.enumerated().dropFirst() {
            guard row.count > max(day, amount, item ?? 0) else {
                throw Fault(message: "row \(number + 1) has \(row.count) cells, fewer than the first")
            }
            guard let on = Self.day(row[day]) else {
                throw Fault(message: "row \(number + 1): '\(row[day])' is no day")
            }
            guard let money = Self.money(row[amount]) else {
                throw Fault(message: "row \(number + 1): '\(row[amount])' is no amount in dollars")
            }
            lines.append(Line(day: on, item: item.map { row[$0] } ?? "", amount: money))
        }
    }

    private static func missing(_ what: String, _ usual: [String]) -> Fault {
        Fault(message: "no column for the \(what): name it, or call it one of \(usual.joined(separator: ", "))")
    }

    /// `2026-11-21`, a time that begins so, or seconds since 1970.
    private static func day(_ text: String) -> Day? {
        if let day = Day(text.prefix(10)) { return day }
        guard let seconds = Int64(text), (0...32_503_680_000).contains(seconds) else { return nil }
        return Timestamp(milliseconds: seconds * 1000).day
    }

    /// To the millionth, rounded to the nearest; credits may be negative.
    private static func money(_ text: String) -> MicroUSD? {
        var text = text.filter { $0 != " " && $0 != "$" }
        let isNegative = text.hasPrefix("-")
        if isNegative { text.removeFirst() }
        if let exact = try? MicroUSD(decimal: text) { return isNegative ? .zero - exact : exact }
        guard let value = Double(text), value.isFinite, abs(value) < 1_000_000_000 else { return nil }
        let micros = MicroUSD(micros: Int64((value * 1_000_000).rounded()))
        return isNegative ? .zero - micros : micros
    }
}
