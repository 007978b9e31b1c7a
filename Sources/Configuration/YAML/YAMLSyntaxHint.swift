/// Says in an operator's words what libyaml says in a parser's.
enum YAMLSyntaxHint {
    static func explain(_ problem: YAMLProblem, in bytes: [UInt8]) -> YAMLProblem {
        guard problem.hint == nil else { return problem }
        let lines = String(decoding: bytes, as: UTF8.self).unicodeScalars.split(
            separator: "\n",
            omittingEmptySubsequences: false
        ).map(Array.init)
        if let tab = tab(near: problem.place, in: lines) { return tab }
        if let reference = reference(at: problem.place, in: lines) { return reference }
        var explained = problem
        switch problem.message {
        case "mapping values are not allowed in this context":
            explained.message = "a ':' is not expected here"
            explained.hint = "check the indentation, and quote texts that contain ': '"
        case "could not find expected ':'":
            explained.message = "a key without ':'"
            explained.hint = "write 'key: value'"
        case "did not find expected ',' or '}'", "did not find expected ',' or ']'":
            explained.hint = "close the bracket, and quote texts that contain brackets or commas"
        case "did not find expected key", "did not find expected '-' indicator":
            explained.hint = "check the indentation"
        case "found unexpected end of stream":
            explained.hint = "a quote is not closed"
        case "found character that cannot start any token":
            explained.hint = "quote texts that begin with a special character"
        default: break
        }
        return explained
    }

    /// A tab in the indentation of the line of the problem, which libyaml reports in many ways and places.
    private static func tab(near place: YAMLPlace, in lines: [[UnicodeScalar]]) -> YAMLProblem? {
        guard lines.indices.contains(place.line - 1) else { return nil }
        let indentation = lines[place.line - 1].prefix { $0 == " " || $0 == "\t" }
        guard let column = indentation.firstIndex(of: "\t") else { return nil }
        return YAMLProblem(
            message: "a tab cannot indent",
            hint: "use spaces",
            place: YAMLPlace(line: place.line, column: column + 1)
        )
    }

    /// A `${…}` that stands unquoted between brackets, where `{` begins a mapping.
    private static func reference(at place: YAMLPlace, in lines: [[UnicodeScalar]]) -> YAMLProblem? {
        guard lines.indices.contains(place.line - 1) else { return nil }
        let line = lines[place.line - 1]
        // libyaml notes the `{`, or, where the name ends the line, what follows it.
        let end = min(place.column, line.count)
        guard
            let start = line.indices.prefix(end).last(where: {
                line[$0] == "$" && $0 + 1 < line.count && line[$0 + 1] == "{"
            }),
            line[..<start].contains("{") || line[..<start].contains("["),
            start > 0, line[start - 1] != "\"", line[start - 1] != "'"
        else { return nil }
        let name = line[start...].prefix { $0 != "}" && $0 != " " && $0 != "," }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: name)
        let quoted = String(text) + "}"
        return YAMLProblem(
            message: "a reference between brackets must be quoted",
            hint: "quote it: \"\(quoted)\"",
            place: YAMLPlace(line: place.line, column: start + 1)
        )
    }
}
