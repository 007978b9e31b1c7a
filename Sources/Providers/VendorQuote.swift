/// A vendor's own words, made fit for one line of our log: bounded, on one line, and without anything like a key.
struct VendorQuote: Sendable, CustomStringConvertible {
    let description: String

    /// Longer texts add nothing to a diagnosis, and HTML error pages have no end.
    private static let longest = 400
    /// How the keys of the vendors served here begin; OpenAI repeats a part of a wrong key in its answer.
    private static let keyMarks = ["sk-", "r8_", "Bearer"]

    init(_ text: String) {
        let words = text.prefix(Self.longest).split(whereSeparator: \.isWhitespace).map { word in
            Self.keyMarks.contains { word.contains($0) } ? "[key]" : String(word)
        }
        description = String(
            String.UnicodeScalarView(words.joined(separator: " ").unicodeScalars.filter { $0.value >= 0x20 })
        )
    }
}
