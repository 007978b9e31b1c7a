internal import CSystem
internal import CommandLineInterface
private import Glibc

/// The three streams, as far as they are a terminal.
enum Terminal {
    static var showsOutput: Bool { isatty(STDOUT_FILENO) == 1 }
    static var showsErrors: Bool { isatty(STDERR_FILENO) == 1 }
    /// Whether somebody can be asked.
    static var canAsk: Bool { isatty(STDIN_FILENO) == 1 && showsErrors }

    /// Cells of standard output; nil where it is no terminal or does not tell.
    static var size: (columns: Int, rows: Int, width: Int, height: Int)? {
        var size = system_terminal()
        guard unsafe system_terminal_size(STDOUT_FILENO, &size) == 0, size.columns > 0, size.rows > 0 else {
            return nil
        }
        return (Int(size.columns), Int(size.rows), Int(size.width), Int(size.height))
    }

    /// What the terminal itself answers to an escape sequence, up to the byte `end`.
    static func answer(to question: String, end: Character) -> String {
        guard canAsk, showsOutput, let last = end.asciiValue else { return "" }
        var answer = [CChar](repeating: 0, count: 512)
        let capacity = answer.count
        // A terminal answers within a frame or two; one far away within this.
        let count = unsafe system_terminal_ask(STDIN_FILENO, question, CChar(last), &answer, capacity, 300)
        guard count > 0 else { return "" }
        return String(decoding: answer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    // MARK: Asking people

    /// Asks for one line; fails at once where nobody can be asked.
    static func ask(_ question: String, instead: String) throws(CommandFailure) -> String {
        guard canAsk else { throw .misuse("standard input is no terminal: \(instead)") }
        Console.write(Array((question + " ").utf8), to: STDERR_FILENO)
        guard let line = readLine() else { throw .failure("no answer") }
        return line
    }

    /// Asks for what must not show.
    static func askSecret(_ question: String, instead: String) throws(CommandFailure) -> String {
        guard canAsk else { throw .misuse("standard input is no terminal: \(instead)") }
        _ = system_terminal_set_echo(STDIN_FILENO, 0)
        defer {
            _ = system_terminal_set_echo(STDIN_FILENO, 1)
            Console.error("")
        }
        return try ask(question, instead: instead)
    }

    /// Whether somebody says yes.
    static func confirm(_ question: String) throws(CommandFailure) -> Bool {
        ["y", "yes"].contains(try ask(question + " [y/N]", instead: "say --yes").lowercased())
    }

    /// All of standard input as text; refused where somebody would have to type it without knowing.
    static func input(called name: String) throws(CommandFailure) -> String {
        if canAsk { Console.error("reading \(name) from the terminal; end with Ctrl-D") }
        let bytes = try FileBytes.read(STDIN_FILENO, called: "standard input", atMost: 1 << 20)
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .failure("\(name) is not UTF-8 text") }
        var line = Substring(text)
        while line.last?.isNewline == true { line.removeLast() }
        return String(line)
    }
}
