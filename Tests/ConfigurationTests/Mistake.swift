import Testing

@testable import Configuration

/// One mistake made in `Sample.complete`: what is replaced, by what, and what `check` says about it.
///
/// The place of the error is marked `‸` in the replacement; an error elsewhere stands at the only occurrence of `place`.
struct Mistake: Sendable, CustomTestStringConvertible {
    var text: String
    var expected: String

    init(_ old: String, _ new: String, at place: String? = nil, _ expected: String) {
        var marked = Sample.complete.changing(old, to: new)
        if let place { marked = marked.changing(place, to: "‸" + place) }
        let lines = marked.split(separator: "\n", omittingEmptySubsequences: false)
        guard let line = lines.firstIndex(where: { $0.contains("‸") }), let mark = lines[line].firstIndex(of: "‸")
        else {
            preconditionFailure("no place is marked in '\(new)'")
        }
        text = marked.changing("‸", to: "")
        self.expected = "\(line + 1):\(lines[line][..<mark].unicodeScalars.count + 1) \(expected)"
    }

    var testDescription: String { expected }
}
