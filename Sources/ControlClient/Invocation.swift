package import CommandLineInterface
internal import Orchestrator

/// One call of a command: what was typed, and what surrounds it.
package struct Invocation: Sendable {
    /// The words of the command, without the program's.
    package var name: String
    package var arguments: Arguments
    package var environment: [String: String]

    package init(name: String, arguments: Arguments, environment: [String: String]) {
        self.name = name
        self.arguments = arguments
        self.environment = environment
    }

    var isJSON: Bool { arguments.has("json") }

    func settings() throws(CommandFailure) -> Settings { try Settings(arguments, environment: environment) }

    func api() throws(CommandFailure) -> API {
        let settings = try settings()
        return try API(url: settings.apiURL, key: settings.apiKey, signer: settings.signer, timeout: settings.timeout)
    }

    /// The operand at a place, which the grammar has made sure of.
    func operand(_ index: Int) -> String { arguments.operands.indices.contains(index) ? arguments.operands[index] : "" }

    /// A number that the grammar has checked.
    func number(_ option: String) -> Int? { arguments[option].flatMap { Int($0) } }

    /// Prints an answer: as it came, or in words.
    func show(_ answer: JSON, _ words: () -> [String]) {
        if isJSON { Console.out(answer.text) } else { for line in words() { Console.out(line) } }
    }
}

extension JSON {
    /// A member's text, or a number's digits, as people may see it; empty for what is not there.
    func shown(_ key: String) -> String {
        switch self[key] {
        case .string(let text)?: Shown.line(text)
        case .number(let number)?: number.text
        case .bool(let value)?: value ? "yes" : "no"
        case .null?, .array?, .object?, .blob?, nil: ""
        }
    }

    /// A list, by the names under which lists come.
    func list(_ key: String) -> [JSON] { self[key]?.array ?? [] }
}
