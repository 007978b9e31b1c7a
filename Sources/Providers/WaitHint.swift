import Orchestrator

/// Finds how long to wait in an error's prose: OpenAI's `Please try again in 12s.`, `… in 6m0s`, `… in 350ms`,
/// Replicate's `Your rate limit resets in ~30s.`
enum WaitHint {
    private static let phrases = ["try again in ", "resets in ~"]

    /// Nil where the text names no time, or one over a day.
    static func duration(in text: String) -> Duration? {
        guard let start = phrases.lazy.compactMap({ end(of: $0, in: text) }).first else { return nil }
        var rest = text[start...]
        var total = 0.0
        var found = false
        while let (value, unit) = term(&rest) {
            total += value * unit
            found = true
        }
        guard found, total < 86_400_000 else { return nil }
        return .milliseconds(Int64(total.rounded(.up)))
    }

    /// Takes one number with its unit off the front; the unit in milliseconds.
    private static func term(_ rest: inout Substring) -> (Double, Double)? {
        let digits = rest.prefix { ("0"..."9").contains($0) || $0 == "." }
        let tail = rest[digits.endIndex...]
        let units: [(String, Double)] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)]
        // The dot that ends a sentence follows a unit, so a number never ends in one.
        guard let value = Double(digits), let (name, unit) = units.first(where: { tail.hasPrefix($0.0) }) else {
            return nil
        }
        rest = tail.dropFirst(name.count)
        return (value, unit)
    }

    private static func end(of phrase: String, in text: String) -> String.Index? {
        var here = text.startIndex
        while here < text.endIndex {
            if text[here...].hasPrefix(phrase) { return text.index(here, offsetBy: phrase.count) }
            here = text.index(after: here)
        }
        return nil
    }
}
