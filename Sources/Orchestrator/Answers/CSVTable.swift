/// Rows for spreadsheets, as RFC 4180 has them, with a line of names first.
package struct CSVTable: Sendable {
    private var bytes: [UInt8] = []
    private let columns: [String]

    package static let mediaType = "text/csv; charset=utf-8"

    package init(columns: [String]) {
        self.columns = columns
        appendCells(columns.map { .string($0) })
    }

    /// Adds a row of an object's members by the columns' names; `a.b` is member `b` of member `a`.
    package mutating func append(_ row: JSON) {
        appendCells(
            columns.map { column in
                column.split(separator: ".").reduce(row) { $0[String($1)] ?? .null }
            }
        )
    }

    private mutating func appendCells(_ cells: [JSON]) {
        for (index, cell) in cells.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            appendCell(cell)
        }
        bytes += [13, 10]
    }

    private mutating func appendCell(_ cell: JSON) {
        switch cell {
        case .null, .blob: return
        case .string(let text): appendQuoted(Self.harmless(text))
        case .number, .bool: bytes += cell.text.utf8
        case .array, .object: appendQuoted(cell.text)
        }
    }

    /// Text that a spreadsheet would take for a formula gets an apostrophe in front; amounts stay what they are.
    private static func harmless(_ text: String) -> String {
        guard let first = text.utf8.first, "=+-@\t\r".utf8.contains(first) else { return text }
        return isAmount(text) ? text : "'" + text
    }

    private static func isAmount(_ text: String) -> Bool {
        text.utf8.dropFirst().allSatisfy { $0 >= 0x30 && $0 <= 0x39 || $0 == UInt8(ascii: ".") } && text.utf8.count > 1
            && text.utf8.first == UInt8(ascii: "-")
    }

    private mutating func appendQuoted(_ text: String) {
        guard text.utf8.contains(where: { [13, 10, UInt8(ascii: "\""), UInt8(ascii: ",")].contains($0) }) else {
            bytes += text.utf8
            return
        }
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") { bytes.append(byte) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    package var content: [UInt8] { bytes }
}

/// Reads what `CSVTable` writes, and what others call CSV: commas or semicolons, quotes, any end of line.
package enum CSVReader {
    package struct Fault: Error, Sendable {
        /// From 1.
        package var line: Int
        package var message: String
    }

    private static let mostCells = 4_000_000

    /// The rows; empty lines are left out.
    package static func rows(_ bytes: [UInt8]) throws(Fault) -> [[String]] {
        var bytes = bytes[...]
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
        let head = bytes.prefix { $0 != 10 }
        let comma = UInt8(ascii: ",")
        let separator = head.contains(comma) ? comma : head.contains(UInt8(ascii: ";")) ? UInt8(ascii: ";") : 9
        var rows: [[String]] = []
        var (row, cell, line, cells) = ([String](), [UInt8](), 1, 0)
        var (isQuoted, hasQuote) = (false, false)
        func end(_ row: inout [String], _ cell: inout [UInt8]) {
            row.append(String(decoding: cell, as: UTF8.self))
            cell = []
        }
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            index += 1
            if byte == 10 { line += 1 }
            if isQuoted {
                if byte != UInt8(ascii: "\"") {
                    cell.append(byte)
                } else if index < bytes.endIndex, bytes[index] == byte {
                    cell.append(byte)
                    index += 1
                } else {
                    isQuoted = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\"") where cell.isEmpty && !hasQuote: (isQuoted, hasQuote) = (true, true)
            case separator:
                end(&row, &cell)
                hasQuote = false
                cells += 1
                guard cells < mostCells else { throw Fault(line: line, message: "has too many cells") }
            case 13: continue
            case 10:
                end(&row, &cell)
                hasQuote = false
                if row != [""] { rows.append(row) }
                row = []
            default: cell.append(byte)
            }
        }
        guard !isQuoted else { throw Fault(line: line, message: "a quotation is not closed") }
        end(&row, &cell)
        if row != [""] { rows.append(row) }
        return rows
    }
}
