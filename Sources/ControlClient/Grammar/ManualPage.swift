internal import CommandLineInterface

/// The manual page, in the macros of man(7).
struct ManualPage {
    let root: Command
    let common: [CommandOption]

    var text: String {
        let name = root.name
        var lines = [
            ".\\\" Made by '\(name) man'; a test compares the two.",
            ".TH \(name.uppercased()) 1 \"\" \"\(name) \(Version.text)\" \"User Commands\"",
            ".SH NAME", "\(name) \\- \(Self.escaped(root.summary))",
            ".SH SYNOPSIS", ".B \(name)", ".I COMMAND", "[\\fIOPTION\\fR]...",
            ".SH DESCRIPTION",
        ]
        lines += Self.paragraphs(root.details)
        lines.append(".SH OPTIONS OF EVERY COMMAND")
        lines += common.flatMap(Self.entry)
        lines += [".TP", "\\fB\\-\\-help\\fR", "What a command does, and what it takes."]
        lines += [".TP", "\\fB\\-\\-version\\fR", "The version."]
        lines.append(".SH COMMANDS")
        for leaf in HelpText.leaves(below: root, [root]) {
            guard let command = leaf.path.last else { continue }
            lines.append(".SS \"\(Self.escaped(leaf.name))\"")
            lines.append(Self.escaped(command.summary) + ".")
            for paragraph in command.details { lines += [".PP", Self.escaped(paragraph)] }
            lines += command.options.flatMap(Self.entry)
        }
        lines += [".SH EXIT STATUS"]
        lines += Self.paragraphs(["0 success, 1 failure, 2 wrong usage; a few commands have more, told with them."])
        lines += [".SH SEE ALSO", "docs/command\\-line.md of the source, and \\fBorchestratord \\-\\-help\\fR."]
        return lines.joined(separator: "\n")
    }

    private static func paragraphs(_ texts: [String]) -> [String] {
        texts.enumerated().flatMap { ($0.offset == 0 ? [] : [".PP"]) + [escaped($0.element)] }
    }

    private static func entry(_ option: CommandOption) -> [String] {
        let names = (option.short.map { ["-\($0)"] } ?? []) + ["--" + option.name]
        let bold = names.map { "\\fB\(escaped($0))\\fR" }.joined(separator: ", ")
        let value = option.value == nil ? "" : " \\fI\(escaped(option.placeholder))\\fR"
        return [".TP", bold + value, escaped(HelpText.explained(option)) + "."]
    }

    /// A dash that is typed, and a line that must not be taken for a request of the formatter.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "\\": result += "\\e"
            case "-": result += "\\-"
            case "\"": result += "\\(dq"
            default: result.append(character)
            }
        }
        return result.hasPrefix(".") || result.hasPrefix("'") ? "\\&" + result : result
    }
}
