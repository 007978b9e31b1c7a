/// The text that `--help` prints.
struct HelpText {
    let path: [Command]
    let common: [CommandOption]

    private static let width = 100
    private static let indent = 26

    var text: String {
        guard let command = path.last else { return "" }
        var lines = ["Usage: " + Self.usage(path)]
        lines += Self.wrapped(command.summary + ".")
        for paragraph in command.details { lines += [""] + Self.wrapped(paragraph) }
        if !command.commands.isEmpty {
            lines += [""] + Self.leaves(below: command, path).flatMap { Self.entry("  \($0.name)", $0.summary) }
        }
        if !command.options.isEmpty { lines += [""] + command.options.flatMap(Self.entry) }
        lines += ["", "Options of every command:"] + common.flatMap(Self.entry)
        lines += Self.entry("      --help", "this text") + Self.entry("      --version", "the version")
        if path.count == 1 {
            lines += ["", "Exit codes: 0 success, 1 failure, 2 wrong usage; a few commands have more, see their help."]
        }
        return lines.joined(separator: "\n")
    }

    /// Everything below a command that can be run, by its words below that command.
    static func leaves(below command: Command, _ path: [Command]) -> [(name: String, summary: String, path: [Command])]
    {
        command.commands.flatMap { child -> [(name: String, summary: String, path: [Command])] in
            let way = path + [child]
            let own = child.action == nil ? [] : [(name: synopsis(child), summary: child.summary, path: way)]
            return own
                + leaves(below: child, way).map {
                    (name: "\(child.name) \($0.name)", summary: $0.summary, path: $0.path)
                }
        }
    }

    /// The words of a call, options in one.
    static func usage(_ path: [Command]) -> String {
        guard let command = path.last else { return "" }
        var words = path.map(\.name)
        if command.action == nil { words.append("COMMAND") }
        words.append("[OPTION]...")
        return (words + command.operands.map(shown)).joined(separator: " ")
    }

    private static func synopsis(_ command: Command) -> String {
        ([command.name] + command.operands.map(shown)).joined(separator: " ")
    }

    private static func shown(_ operand: Operand) -> String {
        let name = operand.name + (operand.isRepeated ? "..." : "")
        return operand.isOptional ? "[\(name)]" : name
    }

    /// An option as it is typed: `-n, --count N`.
    static func spelling(_ option: CommandOption) -> String {
        let short = option.short.map { "-\($0), " } ?? "    "
        return short + "--" + option.name + (option.value == nil ? "" : " " + option.placeholder)
    }

    /// What an option takes, beside its own words.
    static func explained(_ option: CommandOption) -> String {
        guard case .choice(let words)? = option.value else { return option.help }
        return "\(option.help): \(words.joined(separator: ", "))"
    }

    private static func entry(_ option: CommandOption) -> [String] {
        entry("  " + spelling(option), explained(option))
    }

    private static func entry(_ left: String, _ right: String) -> [String] {
        let lines = wrapped(right, width: width - indent - 2)
        let pad = String(repeating: " ", count: indent + 2)
        guard left.count <= indent else { return [left] + lines.map { pad + $0 } }
        let first = left + String(repeating: " ", count: pad.count - left.count) + (lines.first ?? "")
        return [first] + lines.dropFirst().map { pad + $0 }
    }

    private static func wrapped(_ text: String, width: Int = width) -> [String] {
        var lines = [""]
        for word in text.split(separator: " ") {
            let last = lines[lines.count - 1]
            if last.isEmpty {
                lines[lines.count - 1] = String(word)
            } else if last.count + 1 + word.count <= width {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}
