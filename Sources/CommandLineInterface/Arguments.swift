/// Splits a command's words into flags and operands, GNU style: `--name value`, `--name=value`, `-n value`, `-nvalue`,
/// `-ab` for two plain flags; `--` ends flags.
package struct Arguments: Sendable {
    /// A mistake in how the command was called; answered with exit code 2.
    package struct Misuse: Error, Equatable {
        package var message: String

        package init(message: String) { self.message = message }
    }

    package private(set) var operands: [String] = []
    private var values: [String: [String]] = [:]
    private var switches: Set<String> = []

    /// `valued` flags take a value, `plain` ones do not; any other is a mistake. `short` gives flags a letter each.
    package init(
        _ words: some Sequence<String>,
        valued: Set<String>,
        plain: Set<String>,
        short: [Character: String] = [:]
    ) throws(Misuse) {
        var rest = Array(words)[...]
        while let word = rest.popFirst() {
            if word == "--" {
                operands += rest
                break
            } else if word.hasPrefix("--") {
                try readLong(word, valued, plain, &rest)
            } else if word.hasPrefix("-"), word != "-" {
                try readShort(word, valued, plain, short, &rest)
            } else {
                operands.append(word)
            }
        }
    }

    private mutating func readLong(
        _ word: String,
        _ valued: Set<String>,
        _ plain: Set<String>,
        _ rest: inout ArraySlice<String>
    ) throws(Misuse) {
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

    private mutating func readShort(
        _ word: String,
        _ valued: Set<String>,
        _ plain: Set<String>,
        _ short: [Character: String],
        _ rest: inout ArraySlice<String>
    ) throws(Misuse) {
        var letters = word.dropFirst()
        while let letter = letters.popFirst() {
            guard let name = short[letter], valued.contains(name) || plain.contains(name) else {
                // A whole word is easier to recognize than one letter of it.
                throw Misuse(message: "unknown option '\(word.count == 2 ? word : "-\(letter)' in '\(word)")'")
            }
            if plain.contains(name) {
                switches.insert(name)
                continue
            }
            guard let value = letters.isEmpty ? rest.popFirst() : String(letters) else {
                throw Misuse(message: "option '-\(letter)' needs a value")
            }
            values[name, default: []].append(value)
            letters = ""
        }
    }

    /// The last value of a flag.
    package subscript(name: String) -> String? { values[name]?.last }

    /// All values of a flag, in their order.
    package func all(_ name: String) -> [String] { values[name] ?? [] }

    package func has(_ name: String) -> Bool { switches.contains(name) }
}
