/// Finds the operator's words in a text, whatever case, spacing, width or invisible characters hide them, and leaves
/// words alone that merely contain one.
package struct BlockedWords: Sendable {
    private let words: [[String]]

    package init(_ words: [String]) {
        self.words = words.map(Self.words(of:)).filter { !$0.isEmpty }
    }

    /// Whether `text` holds one of the words.
    package func match(_ text: String) -> Bool {
        guard !words.isEmpty else { return false }
        let tokens = Self.words(of: text)
        let runs = Self.spelledRuns(tokens)
        return words.contains { word in
            tokens.indices.contains { start in tokens[start...].starts(with: word) } || runs.contains(word.joined())
        }
    }

    /// The words of a text: letters and digits folded to one form, everything else a boundary.
    private static func words(of text: String) -> [String] {
        var words: [String] = []
        var word = ""
        for scalar in text.unicodeScalars where !isInvisible(scalar) {
            let folded = fold(scalar)
            if folded.properties.isAlphabetic || folded.properties.numericType != nil {
                word += folded.properties.lowercaseMapping
            } else if !word.isEmpty {
                words.append(word)
                word = ""
            }
        }
        if !word.isEmpty { words.append(word) }
        return words
    }

    /// Words spelled out with gaps: `k i l l` and `k.i.l.l` are runs of single letters.
    private static func spelledRuns(_ words: [String]) -> Set<String> {
        var runs: Set<String> = []
        var run = ""
        for word in words + [""] {
            if word.count == 1 {
                run += word
            } else {
                if run.count > 1 { runs.insert(run) }
                run = ""
            }
        }
        return runs
    }

    /// Full-width forms stand 0xFEE0 above their ASCII letters (Unicode block Halfwidth and Fullwidth Forms).
    private static func fold(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        guard (0xFF01...0xFF5E).contains(scalar.value) else { return scalar }
        return Unicode.Scalar(scalar.value - 0xFEE0) ?? scalar
    }

    /// Format characters (zero-width space and joiners, soft hyphen, direction marks) and combining marks.
    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .format, .nonspacingMark, .enclosingMark: true
        default: false
        }
    }
}
