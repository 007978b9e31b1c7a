internal import CommandLineInterface
private import Glibc

/// One line on standard error that changes while something is awaited; silent where that is no terminal.
final class Progress {
    private let isShown: Bool
    private let start = ContinuousClock.now
    private var text = ""
    private var turn = 0
    private static let spinner = ["|", "/", "-", "\\"]

    init(isQuiet: Bool = false) { isShown = Terminal.showsErrors && !isQuiet }

    func say(_ text: String) {
        guard text != self.text else { return }
        self.text = text
        draw()
    }

    /// Shows that time goes by.
    func tick() {
        turn += 1
        draw()
    }

    private func draw() {
        guard isShown, !text.isEmpty else { return }
        let seconds = (ContinuousClock.now - start).components.seconds
        let line = "\r\u{1B}[K\(Self.spinner[turn % Self.spinner.count]) \(Shown.line(text)) \(seconds) s"
        Console.write(Array(line.utf8), to: STDERR_FILENO)
    }

    /// Takes the line away.
    func clear() {
        guard isShown, !text.isEmpty else { return }
        text = ""
        Console.write(Array("\r\u{1B}[K".utf8), to: STDERR_FILENO)
    }
}
