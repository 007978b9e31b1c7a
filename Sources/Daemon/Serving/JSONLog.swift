import Glibc
import Orchestrator

/// Writes the log: one JSON object a line on standard error.
final class JSONLog: EventLog, Sendable {
    private let level: LogLevel
    private let time: any TimeSource
    /// Lines are written whole, one after the other.
    private let gate = Lock(())

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
        gate.withLock { _ in
            unsafe bytes.withUnsafeBytes { buffer in
                var sent = 0
                while sent < buffer.count {
                    let count = unsafe Glibc.write(
                        STDERR_FILENO,
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
