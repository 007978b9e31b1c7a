internal import CommandLineInterface
private import Glibc

/// `orchestratorctl`: the daemon's API for people and scripts.
public struct ControlProgram: Sendable {
    /// The program, with all its commands.
    public init() {}

    /// Runs the command that the process was started with, and ends the process.
    public func main() -> Never {
        exit(run(ProcessArguments.all, environment: ProcessEnvironment.variables))
    }

    /// Runs the command that the arguments name, and returns the code to exit with; `arguments` come without the
    /// program's name.
    public func run(_ arguments: [String], environment: [String: String]) -> Int32 {
        let root = ControlCommands.root
        do throws(CommandFailure) {
            guard !arguments.isEmpty else {
                Console.error(HelpText(path: [root], common: ControlCommands.common).text)
                return ExitCode.misuse.rawValue
            }
            switch try CommandReader(root: root, common: ControlCommands.common).read(arguments) {
            case .help(let path): Console.out(HelpText(path: path, common: ControlCommands.common).text)
            case .version: Console.out("\(root.name) \(Version.text)")
            case .run(let path, let read):
                let name = CommandReader.name(path)
                try path.last?.action?(Invocation(name: name, arguments: read, environment: environment))
            }
            return ExitCode.success.rawValue
        } catch {
            switch error {
            case .misuse(let message):
                Console.error("\(root.name): \(Shown.line(message))\nTry '\(root.name) --help'.")
                return ExitCode.misuse.rawValue
            case .failure(let message):
                Console.error("\(root.name): \(Shown.line(message))")
                return ExitCode.failure.rawValue
            case .ended(let code): return code
            }
        }
    }
}
