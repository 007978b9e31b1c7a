/// Requests as they came in: what a simulation plays again.
package struct Trace: Sendable {
    /// One request and when it came.
    package struct Entry: Sendable {
        package var at: Timestamp
        package var request: ImageRequest
    }

    /// What is wrong with a line.
    package struct Mistake: Error, Equatable {
        /// From 1.
        package var line: Int
        package var message: String
    }

    /// In the order of time.
    package let entries: [Entry]

    package init(_ entries: [Entry]) {
        self.entries = entries.sorted { $0.at < $1.at }
    }

    /// Reads JSON lines: `time` in RFC 3339 or in seconds from some start, and `request`, the body of a generation, or of
    /// an edit with `references` as a number. Blank lines are skipped.
    package init(reading bytes: [UInt8]) throws(Mistake) {
        var entries: [Entry] = []
        for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            guard line.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else { continue }
            do throws(APIError) {
                entries.append(try Self.entry(Array(line)))
            } catch {
                throw Mistake(line: index + 1, message: error.message)
            }
        }
        self.init(entries)
    }

    private static func entry(_ line: [UInt8]) throws(APIError) -> Entry {
        let parsed: JSON
        do throws(JSONError) {
            parsed = try JSON(parsing: line)
        } catch {
            throw .invalidValue("line", "\(error)")
        }
        guard let body = (parsed["request"] ?? parsed["body"])?.object else { throw .missingField("request") }
        return Entry(at: try time(parsed["time"]), request: try ExplainRequest(body).request)
    }

    private static func time(_ value: JSON?) throws(APIError) -> Timestamp {
        if let text = value?.string, let time = Timestamp(text) { return time }
        if let seconds = value?.double, seconds.isFinite, abs(seconds) < 1e12 {
            return Timestamp(milliseconds: Int64(seconds * 1000))
        }
        throw value == nil
            ? .missingField("time") : .invalidValue("time", "must be a time such as 2026-11-21T10:00:00Z, or seconds")
    }
}
