import Glibc
import Orchestrator

/// Writes the log: one JSON object a line on standard error.
final class JSONLog: EventLog, Sendable {
    private let level: LogLevel
    private let time: any TimeSource
    /// Where lines go, each whole, one after the other. A lock around nothing would not do: the thread sanitizer takes what
    /// has no size to lie at the lock's own head, which others read before they have it.
    private let output = Lock(STDERR_FILENO)

    init(level: LogLevel, time: any TimeSource) {
        self.level = level
        self.time = time
    }

    func isEnabled(_ level: LogLevel) -> Bool { level >= self.level }

    func log(_ level: LogLevel, _ message: StaticString, _ fields: [(StaticString, String)]) {
        guard isEnabled(level) else { return }
        var line: JSONObject = [
            "time": .text(time.now()), "level": .string(level.rawValue), "message": .string("\(message)"),
        ]
        for (name, value) in fields { line["\(name)"] = .string(value) }
        write(line)
    }

    func write(_ line: JSONObject) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512)
        JSON.object(line).write(into: &bytes)
        bytes.append(UInt8(ascii: "\n"))
        output.withLock { descriptor in
            unsafe bytes.withUnsafeBytes { buffer in
                var sent = 0
                while sent < buffer.count {
                    let count = unsafe Glibc.write(
                        descriptor,
                        buffer.baseAddress?.advanced(by: sent),
                        buffer.count - sent
                    )
                    // A closed or full log must never stop the daemon.
                    guard count > 0 else { return }
                    sent += count
                }
            }
        }
    }
}
