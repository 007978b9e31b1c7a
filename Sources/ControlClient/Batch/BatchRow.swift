internal import Orchestrator

/// One picture order of a batch.
struct BatchRow: Sendable {
    let line: Int
    /// What files are called; nil: by the picture's id.
    let name: String?
    let fields: JSONObject
    /// The same for the same order, wherever it stands in the file: what of equal orders is done is known by it.
    let id: String

    static let columns = [
        "prompt", "name", "n", "size", "aspect_ratio", "quality", "background", "format", "model", "policy", "seed",
        "negative_prompt",
    ]
    private static let texts = [
        "prompt": "prompt", "size": "size", "aspect_ratio": "aspect_ratio", "quality": "quality",
        "background": "background", "format": "output_format", "model": "model", "negative_prompt": "negative_prompt",
    ]
    private static let numbers = ["n": "n", "seed": "seed"]

    /// Reads all lines; `usual` is what lines do not say.
    static func all(in table: CSVTable, usual: JSONObject) throws(CommandFailure) -> [BatchRow] {
        var seen: [UInt64: Int] = [:]
        var names: [String: Int] = [:]
        var rows: [BatchRow] = []
        for row in table.rows {
            let fields = try fields(row, usual)
            if let name = row.values["name"] {
                guard !name.contains("/"), !name.hasPrefix("."), name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
                else {
                    throw .failure("line \(row.line): '\(name)' is no name for a file")
                }
                if let other = names.updateValue(row.line, forKey: name) {
                    throw .failure("line \(row.line): line \(other) is called '\(name)' as well")
                }
            }
            let hash = hash(JSON.object(fields).serialized())
            seen[hash, default: 0] += 1
            let id = String(hash, radix: 16) + "-\(seen[hash] ?? 1)"
            rows.append(BatchRow(line: row.line, name: row.values["name"], fields: fields, id: id))
        }
        return rows
    }

    private static func fields(_ row: CSVTable.Row, _ usual: JSONObject) throws(CommandFailure) -> JSONObject {
        var fields = usual
        guard row.values["prompt"]?.contains(where: { !$0.isWhitespace }) == true else {
            throw .failure("line \(row.line): there is no prompt")
        }
        for (column, field) in texts { if let value = row.values[column] { fields[field] = .string(value) } }
        for (column, field) in numbers {
            guard let value = row.values[column] else { continue }
            guard let number = Int(value) else {
                throw .failure("line \(row.line): \(column) must be a number, not '\(value)'")
            }
            fields[field] = .integer(number)
        }
        if row.values["size"] != nil { fields["aspect_ratio"] = row.values["aspect_ratio"].map(JSON.string) }
        if row.values["aspect_ratio"] != nil { fields["size"] = row.values["size"].map(JSON.string) }
        if let policy = row.values["policy"] {
            var routing = fields["routing"]?.object ?? [:]
            routing["policy"] = .string(policy)
            fields["routing"] = .object(routing)
        }
        // In one order, so that the same row gives the same bytes in every run.
        return JSONObject(fields.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 })
    }

    /// FNV-1a: no defence against anybody, and none is needed between lines of one's own file.
    private static func hash(_ bytes: [UInt8]) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    /// What this row has in common with others that cost the same.
    var priceFields: JSONObject {
        var fields = fields
        fields["prompt"] = nil
        fields["seed"] = nil
        return fields
    }
}
