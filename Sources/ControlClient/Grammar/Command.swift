internal import Orchestrator

/// One command with all that is to be known of it: parsing, help, completion and the manual page are made from this.
package struct Command: Sendable {
    package typealias Action = @Sendable (Invocation) throws(CommandFailure) -> Void

    package var name: String
    /// One line, without a full stop.
    package var summary: String
    /// Sentences that say more; a paragraph each.
    package var details: [String]
    package var operands: [Operand]
    package var options: [CommandOption]
    package var commands: [Command]
    /// Nil for a mere group.
    package var action: Action?

    package init(
        _ name: String,
        _ summary: String,
        details: [String] = [],
        operands: [Operand] = [],
        options: [CommandOption] = [],
        commands: [Command] = [],
        action: Action? = nil
    ) {
        self.name = name
        self.summary = summary
        self.details = details
        self.operands = operands
        self.options = options
        self.commands = commands
        self.action = action
    }

    /// The command of that name below this one.
    package func command(_ name: String) -> Command? { commands.first { $0.name == name } }
}

/// A word of a command that is no option.
package struct Operand: Sendable {
    /// In capitals, as help shows it.
    package var name: String
    package var value: ValueKind
    package var isOptional: Bool
    package var isRepeated: Bool

    package init(_ name: String, _ value: ValueKind = .text, isOptional: Bool = false, isRepeated: Bool = false) {
        self.name = name
        self.value = value
        self.isOptional = isOptional
        self.isRepeated = isRepeated
    }
}

/// A flag, with a value or without one.
package struct CommandOption: Sendable {
    package var name: String
    package var short: Character?
    /// What help calls the value; empty for a flag without one.
    package var placeholder: String
    /// Nil for a flag without a value.
    package var value: ValueKind?
    package var help: String
    package var isRepeated: Bool

    package init(
        _ name: String,
        short: Character? = nil,
        _ placeholder: String,
        _ value: ValueKind,
        isRepeated: Bool = false,
        _ help: String
    ) {
        self.name = name
        self.short = short
        self.placeholder = placeholder
        self.value = value
        self.help = help
        self.isRepeated = isRepeated
    }

    /// An option whose value may be any text.
    package init(
        _ name: String,
        short: Character? = nil,
        _ placeholder: String,
        isRepeated: Bool = false,
        _ help: String
    ) {
        self.init(name, short: short, placeholder, .text, isRepeated: isRepeated, help)
    }

    /// A flag without a value.
    package init(flag name: String, short: Character? = nil, _ help: String) {
        self.name = name
        self.short = short
        placeholder = ""
        value = nil
        self.help = help
        isRepeated = false
    }
}

/// What a value may be: for checks, and for what a shell offers.
package enum ValueKind: Sendable {
    case text
    case number(ClosedRange<Int>)
    case choice([String])
    case file
    case directory
    /// `YYYY-MM-DD`.
    case day

    /// What is wrong with a value; nil when nothing is.
    func mistake(in value: String) -> String? {
        switch self {
        case .text, .file, .directory: nil
        case .number(let range):
            // `Int` would take a plus sign.
            Int(value).map { range.contains($0) && !value.hasPrefix("+") } ?? false
                ? nil : "must be a whole number from \(range.lowerBound) to \(range.upperBound), not '\(value)'"
        case .choice(let words):
            words.contains(value)
                ? nil : "must be one of \(words.joined(separator: ", ")), not '\(value)'"
        case .day: Day(value) == nil ? "must be a day, YYYY-MM-DD, not '\(value)'" : nil
        }
    }
}
