import CommandLineInterface
import Testing

@testable import ControlClient

/// What the words of a call mean.
@Suite struct GrammarTests {
    private func read(_ words: [String]) throws -> CommandReader.Wish {
        try CommandReader(root: ControlCommands.root, common: ControlCommands.common).read(words)
    }

    private func run(_ words: [String]) throws -> (name: String, arguments: Arguments) {
        guard case .run(let path, let arguments) = try read(words) else {
            Issue.record("\(words) runs nothing")
            throw CommandFailure.ended(0)
        }
        return (CommandReader.name(path), arguments)
    }

    static let calls: [([String], String, [String])] = [
        (["generate", "a fox"], "generate", ["a fox"]),
        (["--json", "--api-url", "http://x", "usage"], "usage", []),
        (["--api-url=http://x", "gallery", "--json", "list", "-p2"], "gallery list", []),
        (["credits"], "credits", []), (["credits", "history", "-l", "5"], "credits history", []),
        (["admin", "credits", "adjust", "--user-id", "u", "--amount", "-5"], "admin credits adjust", []),
        (["edit", "--", "-image.png", "--prompt"], "edit", ["-image.png", "--prompt"]),
        (["keys", "revoke", "key_1"], "keys revoke", ["key_1"]),
        (["generate", "-"], "generate", ["-"]),
    ]

    @Test(arguments: calls)
    func `a command is found wherever common options stand`(words: [String], name: String, operands: [String]) throws {
        let found = try run(words)
        #expect(found.name == name && found.arguments.operands == operands)
    }

    @Test func `a negative amount may follow as its own word or after an equals sign`() throws {
        for words in [["--amount", "-5"], ["--amount=-5"]] {
            #expect(try run(["admin", "credits", "adjust"] + words).arguments["amount"] == "-5")
        }
    }

    @Test(arguments: [
        ["generat"], ["gallery"], ["gallery", "nothing"], ["gallery", "view"], ["gallery", "view", "a", "b"],
        ["generate", "a", "b"], ["generate", "x", "-n", "11"], ["generate", "x", "-n", "0"],
        ["generate", "x", "-n", "+1"],
        ["generate", "x", "-q", "best"], ["generate", "x", "--nothing"], ["usage", "--start", "2026-02-30"],
        ["usage", "--end", "yesterday"], ["edit", "a.png"], ["--nothing"], ["admin", "credits"],
        ["completion", "tcsh"],
        ["gallery", "visibility", "img_1", "secret"], ["usage", "--timeout", "0"], ["jobs", "list", "--json=1"],
    ])
    func `a call that cannot be meant is a misuse`(words: [String]) {
        #expect {
            try read(words)
        } throws: { error in
            guard case CommandFailure.misuse = error else { return false }
            return true
        }
    }

    @Test func `a mistyped command is answered with the right one`() {
        #expect {
            try read(["galery", "list"])
        } throws: { error in
            guard case CommandFailure.misuse(let text) = error else { return false }
            return text.contains("did you mean 'gallery'?")
        }
    }

    /// Every way from the root to a command.
    static var paths: [[Command]] {
        func below(_ path: [Command]) -> [[Command]] {
            [path] + (path.last?.commands ?? []).flatMap { below(path + [$0]) }
        }
        return below([ControlCommands.root])
    }

    @Test func `every command has help that names all it takes, and says it is its own`() throws {
        for path in Self.paths {
            let words = path.dropFirst().map(\.name)
            guard case .help(let found) = try read(words + ["--help"]) else {
                Issue.record("\(words) has no help")
                continue
            }
            let text = HelpText(path: found, common: ControlCommands.common).text
            let command = try #require(path.last)
            #expect(
                found.map(\.name) == path.map(\.name)
                    && text.hasPrefix("Usage: \(path.map(\.name).joined(separator: " "))")
            )
            for option in command.options { #expect(text.contains("--\(option.name)"), "\(words): \(option.name)") }
            for child in command.commands { #expect(text.contains("  \(child.name)"), "\(words): \(child.name)") }
            #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 || !$0.hasPrefix(" ") }, "\(text)")
            guard case .version = try read(words + ["--version"]) else {
                Issue.record("\(words) has no version")
                continue
            }
        }
    }

    @Test func `no command has two options of one name or letter`() {
        for path in Self.paths {
            let options = (path.last?.options ?? []) + ControlCommands.common
            #expect(Set(options.map(\.name)).count == options.count, "\(path.map(\.name))")
            let letters = options.compactMap(\.short)
            #expect(Set(letters).count == letters.count && !letters.contains("h"), "\(path.map(\.name))")
        }
    }

    @Test func `the manual page names every command and option`() {
        let page = ManualPage(root: ControlCommands.root, common: ControlCommands.common).text
        for path in Self.paths {
            for option in path.last?.options ?? [] {
                let name = "--\(option.name)".replacing("-", with: "\\-")
                #expect(page.contains("\\fB\(name)\\fR"), "\(option.name)")
            }
        }
        #expect(page.hasPrefix(".\\\" Made by 'orchestratorctl man'") && page.contains(".SS \"gallery view ID\""))
    }

    @Test(arguments: ShellCompletion.shells)
    func `each shell's completion knows every command and option`(shell: String) {
        let script = ShellCompletion(root: ControlCommands.root, common: ControlCommands.common).script(for: shell)
        for path in Self.paths {
            for child in path.last?.commands ?? [] { #expect(script.contains(child.name)) }
            for option in path.last?.options ?? [] {
                let spelled = shell == "fish" ? "-l \(option.name)" : "--\(option.name)"
                #expect(script.contains(spelled), "\(shell): \(option.name)")
            }
        }
        #expect(script.contains("low medium high"))
    }
}
