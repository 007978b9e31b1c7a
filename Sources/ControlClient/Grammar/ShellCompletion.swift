/// What a shell offers while somebody types, made from the commands.
struct ShellCompletion {
    let root: Command
    let common: [CommandOption]

    static let shells = ["bash", "zsh", "fish"]

    func script(for shell: String) -> String {
        switch shell {
        case "zsh": zsh
        case "fish": fish
        default: bash
        }
    }

    /// A command with the words that lead to it, and what can follow.
    private struct Place {
        var words: [String]
        var command: Command
    }

    private var places: [Place] {
        func below(_ place: Place) -> [Place] {
            [place]
                + place.command.commands.flatMap { below(Place(words: place.words + [$0.name], command: $0)) }
        }
        return below(Place(words: [], command: root))
    }

    private func options(of command: Command) -> [CommandOption] {
        command.options + common + [CommandOption(flag: "help", "what it does, and what it takes")]
    }

    // MARK: - bash

    private var bash: String {
        var lines = [
            "# bash completion of \(root.name): source <(\(root.name) completion bash)",
            "_\(root.name)() {",
            "    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} place='' word index",
            "    COMPREPLY=()",
            "    for ((index = 1; index < COMP_CWORD; index++)); do",
            "        word=${COMP_WORDS[index]}",
            "        case \"$place $word\" in",
        ]
        for place in places where !place.words.isEmpty {
            let parent = place.words.dropLast().joined(separator: "/")
            let key = place.words.joined(separator: "/")
            lines.append("            '\(parent) \(place.words.last ?? "")') place='\(key)' ;;")
        }
        lines += ["        esac", "    done", "    case \"$place $before\" in"]
        for place in places {
            let key = place.words.joined(separator: "/")
            for option in options(of: place.command) {
                guard let value = option.value else { continue }
                let names = ["--" + option.name] + (option.short.map { ["-\($0)"] } ?? [])
                let pattern = names.map { "'\(key) \($0)'" }.joined(separator: " | ")
                lines.append("        \(pattern)) \(Self.bashReply(value)); return ;;")
            }
        }
        lines += ["    esac", "    case \"$place\" in"]
        for place in places {
            let key = place.words.joined(separator: "/")
            let flags = options(of: place.command).flatMap { ["--" + $0.name] + ($0.short.map { ["-\($0)"] } ?? []) }
            var words = place.command.commands.map(\.name)
            if case .choice(let choices)? = place.command.operands.first?.value { words += choices }
            let hasFiles = place.command.operands.contains { $0.value.isPath }
            lines.append("        '\(key)')")
            lines.append("            if [[ $current == -* ]]; then")
            lines.append("                COMPREPLY=($(compgen -W '\(flags.joined(separator: " "))' -- \"$current\"))")
            lines.append("            else")
            lines.append(
                "                COMPREPLY=($(compgen \(hasFiles ? "-f " : "")-W '\(words.joined(separator: " "))' -- \"$current\"))"
            )
            lines += ["            fi ;;"]
        }
        lines += ["    esac", "}", "complete -F _\(root.name) \(root.name)"]
        return lines.joined(separator: "\n")
    }

    private static func bashReply(_ value: ValueKind) -> String {
        switch value {
        case .choice(let words):
            "COMPREPLY=($(compgen -W '\(words.joined(separator: " "))' -- \"$current\"))"
        case .file: "COMPREPLY=($(compgen -f -- \"$current\"))"
        case .directory: "COMPREPLY=($(compgen -d -- \"$current\"))"
        case .text, .number, .day: "COMPREPLY=()"
        }
    }

    // MARK: - zsh

    private var zsh: String {
        var lines = [
            "#compdef \(root.name)",
            "# zsh completion of \(root.name): \(root.name) completion zsh > ~/.zfunc/_\(root.name)",
        ]
        for place in places {
            lines += ["_\(([root.name] + place.words).joined(separator: "_"))() {"]
            lines += zshBody(place)
            lines.append("}")
        }
        lines += ["if [ \"$funcstack[1]\" = _\(root.name) ]; then", "    _\(root.name) \"$@\"", "else"]
        lines += ["    compdef _\(root.name) \(root.name)", "fi"]
        return lines.joined(separator: "\n")
    }

    private func zshBody(_ place: Place) -> [String] {
        var words: [String] = options(of: place.command).flatMap { option -> [String] in
            let value = option.value.map { ":\(option.placeholder):\(Self.zshAction($0))" } ?? ""
            let names =
                ["--" + option.name + (option.value == nil ? "" : "=")] + (option.short.map { ["-\($0)"] } ?? [])
            return names.map {
                Self.quoted("\(option.isRepeated ? "*" : "")\($0)[\(Self.zshText(option.help))]\(value)")
            }
        }
        guard !place.command.commands.isEmpty else {
            words += place.command.operands.enumerated().map { index, operand in
                let position = operand.isRepeated ? "*" : "\(index + 1)"
                return Self.quoted("\(position):\(operand.name):\(Self.zshAction(operand.value))")
            }
            return ["    _arguments -s \\"] + Self.continued(words)
        }
        let names = place.command.commands.map { Self.quoted("\($0.name):\(Self.zshText($0.summary))") }
        words += [Self.quoted("1:command:->command"), Self.quoted("*::rest:->rest")]
        var lines = ["    local state line", "    _arguments -C \\"] + Self.continued(words)
        lines += [
            "    case $state in", "        command)", "            local -a commands=(\(names.joined(separator: " ")))",
        ]
        lines += ["            _describe command commands ;;", "        rest)", "            case $line[1] in"]
        for child in place.command.commands {
            let function = ([root.name] + place.words + [child.name]).joined(separator: "_")
            lines.append("                \(child.name)) _\(function) ;;")
        }
        return lines + ["            esac ;;", "    esac"]
    }

    private static func continued(_ words: [String]) -> [String] {
        words.enumerated().map { "        \($0.element)\($0.offset == words.count - 1 ? "" : " \\")" }
    }

    private static func zshAction(_ value: ValueKind) -> String {
        switch value {
        case .choice(let words): "(\(words.joined(separator: " ")))"
        case .file: "_files"
        case .directory: "_files -/"
        case .text, .number, .day: ""
        }
    }

    private static func zshText(_ text: String) -> String {
        String(text.map { "[]:".contains($0) ? " " : $0 })
    }

    // MARK: - fish

    private var fish: String {
        let name = root.name
        var lines = [
            "# fish completion of \(name): \(name) completion fish > ~/.config/fish/completions/\(name).fish",
            "function __\(name)_at", "    set -l words (commandline -opc)", "    set -l place",
            "    for word in $words[2..-1]", "        switch \"$place $word\"",
        ]
        for place in places where !place.words.isEmpty {
            let parent = place.words.dropLast().joined(separator: "/")
            lines.append("            case '\(parent) \(place.words.last ?? "")'")
            lines.append("                set place '\(place.words.joined(separator: "/"))'")
        }
        lines += ["        end", "    end", "    test \"$place\" = \"$argv[1]\"", "end", "complete -c \(name) -f"]
        for place in places {
            let condition = "-n \"__\(name)_at '\(place.words.joined(separator: "/"))'\""
            for child in place.command.commands {
                lines.append("complete -c \(name) \(condition) -a \(child.name) -d \(Self.quoted(child.summary))")
            }
            for operand in place.command.operands {
                lines.append("complete -c \(name) \(condition) \(Self.fishValue(operand.value))")
            }
            for option in options(of: place.command) {
                let short = option.short.map { " -s \($0)" } ?? ""
                let value = option.value.map { " -r " + Self.fishValue($0) } ?? ""
                lines.append(
                    "complete -c \(name) \(condition) -l \(option.name)\(short)\(value) -d \(Self.quoted(option.help))"
                )
            }
        }
        return lines.joined(separator: "\n")
    }

    private static func fishValue(_ value: ValueKind) -> String {
        switch value {
        case .choice(let words): "-a '\(words.joined(separator: " "))'"
        case .file: "-F"
        case .directory: "-a '(__fish_complete_directories)'"
        case .text, .number, .day: "-f"
        }
    }

    /// As one word of a shell.
    private static func quoted(_ text: String) -> String {
        "'" + String(text.map { $0 == "'" ? "\u{2019}" : $0 }) + "'"
    }
}

extension ValueKind {
    fileprivate var isPath: Bool {
        switch self {
        case .file, .directory: true
        case .text, .number, .choice, .day: false
        }
    }
}
