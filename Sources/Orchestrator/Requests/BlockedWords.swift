/// Finds the operator's words in a text, whatever case, spacing, width, accents, look-alike or invisible characters hide
/// them, and leaves words alone that merely contain one. Among letters that stand alone nobody can tell where a word
/// begins, so there it is found anywhere.
package struct BlockedWords: Sendable {
    private let words: [[String]]

    package init(_ words: [String]) {
        self.words = words.map { Self.words(of: $0) }.filter { !$0.isEmpty }
    }

    /// Whether `text` holds one of the words.
    package func match(_ text: String) -> Bool {
        guard !words.isEmpty else { return false }
        if match(Self.words(of: text)) { return true }
        return LookAlikes.occur(in: text) && match(Self.words(of: text, asSeen: true))
    }

    private func match(_ tokens: [String]) -> Bool {
        let runs = Self.spelledRuns(tokens)
        return words.contains { word in
            if tokens.indices.contains(where: { start in tokens[start...].starts(with: word) }) { return true }
            let spelled = word.joined()
            return runs.contains { $0.utf8.contains(spelled.utf8) }
        }
    }

    /// The words of a text: letters and digits folded to one form, everything else a boundary. `asSeen`, letters of other
    /// scripts are taken for the Latin ones that they look like.
    private static func words(of text: String, asSeen: Bool = false) -> [String] {
        var words: [String] = []
        var word = ""
        for scalar in text.unicodeScalars where !isInvisible(scalar) {
            var folded = bare(narrow(scalar))
            if asSeen { folded = LookAlikes.latin(folded) }
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

    /// Words spelled out with gaps: `k i l l` and `k.i.l.l` are runs of single letters, as is `I k i l l`.
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
    private static func narrow(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        guard (0xFF01...0xFF5E).contains(scalar.value) else { return scalar }
        return Unicode.Scalar(scalar.value - 0xFEE0) ?? scalar
    }

    /// A Latin letter without its accents, which the standard spells out: `LATIN SMALL LETTER I WITH ACUTE`.
    private static func bare(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        // Latin-1 Supplement, Latin Extended-A and -B; Latin Extended Additional.
        guard (0xC0...0x24F).contains(scalar.value) || (0x1E00...0x1EFF).contains(scalar.value) else { return scalar }
        let name = (scalar.properties.name ?? "").split(separator: " ")
        guard name.count > 5, name[2] == "LETTER", name[4] == "WITH", name[3].utf8.count == 1,
            let letter = name[3].unicodeScalars.first
        else { return scalar }
        return letter
    }

    /// Format characters (zero-width space and joiners, soft hyphen, direction marks) and combining marks.
    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .format, .nonspacingMark, .enclosingMark: true
        default: false
        }
    }
}
