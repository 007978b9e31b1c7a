import Foundation

/// One fenced block of a Markdown file, with what the file says is to be done with it.
struct MarkdownBlock: Sendable {
    /// `sh`, `python`, `text` and so on.
    var language: String
    var text: String
    /// The line of the opening fence, from 1.
    var line: Int
    /// The comment right above the block: `<!-- test: SCENE, … -->`, or `<!-- shown: REASON -->` for what is not run.
    var marker: String?
    /// What it prints: the `text` block right below, or one further down that is marked `<!-- printed -->`.
    var expected: String?

    /// Whether this is something that readers run.
    var isCommand: Bool { language == "sh" || language == "python" }

    /// The scenes in which it is run; none where it is only shown.
    var scenes: [String] {
        guard let marker, marker.hasPrefix("test: ") else { return [] }
        return marker.dropFirst("test: ".count).components(separatedBy: ", ")
    }

    /// All blocks of a file.
    static func all(in file: URL) throws -> [MarkdownBlock] {
        var blocks: [MarkdownBlock] = []
        var marker: String?
        var open: MarkdownBlock?
        // Whether nothing but blank lines came since the last block.
        var isBelow = false
        let lines = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n")
        for (index, line) in lines.enumerated() {
            if var block = open {
                guard line == "```" else {
                    open?.text += line + "\n"
                    continue
                }
                block.text = open?.text ?? ""
                if block.language == "text", let last = blocks.lastIndex(where: \.isCommand),
                    block.marker == "printed" || (isBelow && last == blocks.count - 1)
                {
                    blocks[last].expected = block.text
                }
                blocks.append(block)
                (open, marker, isBelow) = (nil, nil, true)
            } else if line.hasPrefix("```") {
                open = MarkdownBlock(language: String(line.dropFirst(3)), text: "", line: index + 1, marker: marker)
            } else if line.hasPrefix("<!-- "), line.hasSuffix(" -->") {
                marker = String(line.dropFirst(5).dropLast(4))
                isBelow = false
            } else if !line.isEmpty {
                (marker, isBelow) = (nil, false)
            }
        }
        return blocks
    }
}

/// Printed lines as documentation states them: `…` stands for any text within a line, and alone for any lines.
struct StatedOutput {
    private let stated: [Substring]

    init(_ text: String) {
        stated = Self.lines(text)
    }

    func matches(_ printed: String) -> Bool {
        Self.match(stated[...], Self.lines(printed)[...])
    }

    /// Blank lines at either end, and blanks at the end of a line, are nobody's statement.
    private static func lines(_ text: String) -> [Substring] {
        var lines = text.replacingOccurrences(of: "\r", with: "").split(
            separator: "\n",
            omittingEmptySubsequences: false
        ).map { line in
            var line = line
            while line.last == " " { line.removeLast() }
            return line
        }[...]
        while lines.last?.isEmpty == true { lines.removeLast() }
        while lines.first?.isEmpty == true { lines.removeFirst() }
        return Array(lines)
    }

    private static func match(_ stated: ArraySlice<Substring>, _ printed: ArraySlice<Substring>) -> Bool {
        guard let first = stated.first else { return printed.isEmpty }
        let rest = stated.dropFirst()
        if first == "…" { return (0...printed.count).contains { match(rest, printed.dropFirst($0)) } }
        guard let line = printed.first, fits(line, first) else { return false }
        return match(rest, printed.dropFirst())
    }

    private static func fits(_ line: Substring, _ stated: Substring) -> Bool {
        let parts = stated.components(separatedBy: "…")
        guard parts.count > 1, line.hasPrefix(parts[0]) else { return line == stated }
        var rest = line.dropFirst(parts[0].count)
        for part in parts[1..<(parts.count - 1)] {
            guard let found = part.isEmpty ? rest.startIndex..<rest.startIndex : rest.range(of: part) else {
                return false
            }
            rest = rest[found.upperBound...]
        }
        return rest.hasSuffix(parts[parts.count - 1])
    }
}
