internal import Orchestrator

/// A file of comma-separated values (RFC 4180): a line of names, then lines of values.
struct CSVTable {
    /// One line with its values by name; those that are empty are left out.
    struct Row {
        /// Where the line begins in the file, from 1.
        var line: Int
        var values: [String: String]
    }

    let rows: [Row]

    /// `names` are the columns that may be there; any other is somebody's mistake.
    init(_ text: String, names: [String]) throws(CommandFailure) {
        var records = try Self.records(text)[...]
        guard let head = records.popFirst() else {
            throw .failure("the file is empty: its first line must name the columns")
        }
        let columns = head.cells.map { $0.lowercased().filter { !$0.isWhitespace } }
        for (index, column) in columns.enumerated() {
            guard names.contains(column) else {
                throw .failure("line 1: unknown column '\(column)' (\(Suggestion.hint(for: column, among: names)))")
            }
            guard columns[..<index].allSatisfy({ $0 != column }) else {
                throw .failure("line 1: two columns are called '\(column)'")
            }
        }
        var rows: [Row] = []
        for record in records {
            // A blank line is none.
            if record.cells == [""] { continue }
            guard record.cells.count <= columns.count else {
                throw .failure(
                    "line \(record.line): \(record.cells.count) values for \(columns.count) columns; quote commas"
                )
            }
            let pairs = zip(columns, record.cells).filter { !$0.1.isEmpty }
            rows.append(Row(line: record.line, values: Dictionary(pairs) { first, _ in first }))
        }
        self.rows = rows
    }

    private static func records(_ text: String) throws(CommandFailure) -> [(line: Int, cells: [String])] {
        var records: [(line: Int, cells: [String])] = []
        var (cells, cell, line, start) = ([String](), "", 1, 1)
        var (isQuoted, wasQuoted) = (false, false)
        // A byte order mark, as spreadsheets write it, is no part of a name.
        var rest = Substring(text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text)
        func endRecord() {
            cells.append(cell)
            records.append((start, cells))
            (cells, cell, wasQuoted) = ([], "", false)
        }
        while let character = rest.popFirst() {
            if character.isNewline { line += 1 }
            if isQuoted {
                if character != "\"" {
                    cell.append(character)
                } else if rest.first == "\"" {
                    cell.append("\"")
                    rest.removeFirst()
                } else {
                    (isQuoted, wasQuoted) = (false, true)
                }
            } else if character == "\"" && cell.isEmpty && !wasQuoted {
                isQuoted = true
            } else if character == "," {
                cells.append(cell)
                (cell, wasQuoted) = ("", false)
            } else if character.isNewline {
                endRecord()
                start = line
            } else {
                guard !wasQuoted else { throw .failure("line \(line): text behind a closing quotation mark") }
                cell.append(character)
            }
        }
        guard !isQuoted else { throw .failure("line \(start): a quotation mark is never closed") }
        if !cells.isEmpty || !cell.isEmpty || wasQuoted { endRecord() }
        return records
    }
}
