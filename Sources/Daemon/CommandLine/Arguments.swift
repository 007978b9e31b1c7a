/// Splits a command's words into flags and operands, GNU style: `--name value`, `--name=value`, `--` ends flags.
struct Arguments {
    /// A mistake in how the command was called; answered with exit code 2.
    struct Misuse: Error {
        var message: String
    }

    private(set) var operands: [String] = []
    private var values: [String: [String]] = [:]
    private var switches: Set<String> = []

    /// `valued` flags take a value, `plain` ones do not; any other is a mistake.
    init(_ words: some Sequence<String>, valued: Set<String>, plain: Set<String>) throws(Misuse) {
        var rest = Array(words)[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("--"), word != "--" else {
                if word == "--" {
                    operands += rest
                    break
                }
                guard !word.hasPrefix("-") || word == "-" else { throw Misuse(message: "unknown option '\(word)'") }
                operands.append(word)
                continue
            }
            let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            if valued.contains(name) {
                guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst() else {
                    throw Misuse(message: "option '--\(name)' needs a value")
                }
                values[name, default: []].append(value)
            } else if plain.contains(name) {
                guard parts.count == 1 else { throw Misuse(message: "option '--\(name)' takes no value") }
                switches.insert(name)
            } else {
                throw Misuse(message: "unknown option '--\(name)'")
            }
        }
    }

    /// The last value of a flag.
    subscript(name: String) -> String? { values[name]?.last }

    func has(_ name: String) -> Bool { switches.contains(name) }
}
