internal import CommandLineInterface
internal import Orchestrator

/// Finds the command that some words mean, and reads its options and operands.
struct CommandReader {
    let root: Command
    /// Options that every command takes, and that may stand before its name.
    let common: [CommandOption]

    /// What the words ask for.
    enum Wish {
        case run([Command], Arguments)
        case help([Command])
        case version
    }

    func read(_ words: [String]) throws(CommandFailure) -> Wish {
        var path = [root]
        var leading: [String] = []
        var rest = words[...]
        while let command = path.last {
            leading += commonOptions(&rest)
            guard let word = rest.first, !word.hasPrefix("-") || word == "-", !command.commands.isEmpty else { break }
            guard let next = command.command(word) else {
                // An operand of a command that also has commands below it.
                if command.action != nil, !command.operands.isEmpty { break }
                let hint = Suggestion.hint(for: word, among: command.commands.map(\.name))
                throw .misuse("unknown command '\(Self.name(path, then: word))' (\(hint))")
            }
            path.append(next)
            rest = rest.dropFirst()
        }
        let own = rest.prefix { $0 != "--" }
        if own.contains("--help") || own.contains("-h") { return .help(path) }
        if own.contains("--version") { return .version }
        guard let command = path.last, command.action != nil else {
            if let stray = rest.first, stray.hasPrefix("-") { throw .misuse("unknown option '\(stray)'") }
            throw .misuse(
                "\(Self.name(path)) needs a command: \(path.last?.commands.map(\.name).joined(separator: ", ") ?? "")"
            )
        }
        return .run(path, try arguments(leading + rest, of: command, path))
    }

    /// Takes the common options that stand at the beginning.
    private func commonOptions(_ rest: inout ArraySlice<String>) -> [String] {
        var taken: [String] = []
        while let word = rest.first, word.hasPrefix("--"), word != "--" {
            let name = String(word.dropFirst(2).prefix { $0 != "=" })
            guard let option = common.first(where: { $0.name == name }) else { break }
            let count = option.value != nil && !word.contains("=") ? 2 : 1
            taken += rest.prefix(count)
            rest = rest.dropFirst(count)
        }
        return taken
    }

    private func arguments(
        _ words: [String],
        of command: Command,
        _ path: [Command]
    ) throws(CommandFailure) -> Arguments {
        let options = command.options + common
        let arguments: Arguments
        do throws(Arguments.Misuse) {
            arguments = try Arguments(
                words,
                valued: Set(options.filter { $0.value != nil }.map(\.name)),
                plain: Set(options.filter { $0.value == nil }.map(\.name)),
                short: Dictionary(options.compactMap { option in option.short.map { ($0, option.name) } }) { a, _ in a }
            )
        } catch {
            throw .misuse(error.message)
        }
        for option in options {
            for value in arguments.all(option.name) {
                if let mistake = option.value?.mistake(in: value) { throw .misuse("--\(option.name) \(mistake)") }
            }
        }
        try check(arguments.operands, of: command, path)
        return arguments
    }

    private func check(_ given: [String], of command: Command, _ path: [Command]) throws(CommandFailure) {
        let needed = command.operands.filter { !$0.isOptional }.count
        let allowed = command.operands.contains(where: \.isRepeated) ? Int.max : command.operands.count
        guard given.count >= needed else {
            throw .misuse("\(Self.name(path)) needs \(command.operands[given.count].name)")
        }
        guard given.count <= allowed else {
            throw .misuse("\(Self.name(path)) takes no further operand '\(given[allowed])'")
        }
        for (operand, value) in zip(command.operands, given) {
            if let mistake = operand.value.mistake(in: value) { throw .misuse("\(operand.name) \(mistake)") }
        }
    }

    /// The words that lead to a command, without the program's.
    static func name(_ path: [Command], then word: String? = nil) -> String {
        (path.dropFirst().map(\.name) + [word].compactMap { $0 }).joined(separator: " ")
    }
}
