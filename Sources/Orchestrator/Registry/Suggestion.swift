/// Finds what somebody who mistyped a word probably meant.
package enum Suggestion {
    /// `did you mean 'timeout'?`, or the list of what there is.
    package static func hint(for word: String, among choices: [String], listed noun: String = "one of") -> String {
        if let nearest = nearest(to: word, among: choices) { return "did you mean '\(nearest)'?" }
        return "\(noun) \(choices.joined(separator: ", "))"
    }

    /// The nearest choice, if it is near: a third of its letters may differ, at most two.
    package static func nearest(to word: String, among choices: [String]) -> String? {
        guard word.utf8.count <= 64 else { return nil }
        let plain = normalized(word)
        var best: (choice: String, distance: Int)?
        for choice in choices {
            let other = normalized(choice)
            let distance = distance(plain, other)
            guard distance <= min(2, max(plain.count, other.count) / 3), distance < best?.distance ?? .max else {
                continue
            }
            best = (choice, distance)
        }
        return best?.choice
    }

    private static func normalized(_ word: String) -> [Character] {
        word.lowercased().map { $0 == "-" || $0 == " " ? "_" : $0 }
    }

    /// How many letters must be added, removed, replaced or swapped with their neighbour.
    private static func distance(_ a: [Character], _ b: [Character]) -> Int {
        var rows = [Array(0...b.count)]
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var least = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, rows[i - 1][j - 1] + 1) }
                row.append(least)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }
}
