import Foundation
import Orchestrator

/// A wall clock that a test steps while a daemon runs by it: libfaketime, which leaves the monotonic clock alone.
struct SteppedClock {
    /// Where Debian's package `faketime` has its library, and nil where that is not installed.
    static let library: String? = {
        let root = "/usr/lib"
        let folders = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        return folders.map { "\(root)/\($0)/faketime/libfaketimeMT.so.1" }
            .first { FileManager.default.fileExists(atPath: $0) }
    }()

    static let isPossible = library != nil && Preload.isPossible

    private let file: URL
    /// What the machine's clock lacks to the next noon in UTC: steps of less than half a day keep the day.
    private let base: Int
    private let directory: URL
    /// Names of shared memory. The library would choose some and put them into the environment, whose move keeps Swift
    /// from finding the process's arguments.
    private let shared = "/orchestrator_sem_\(UUID().uuidString) /orchestrator_shm_\(UUID().uuidString)"

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "clock-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        file = directory.appending(path: "time")
        base = 86_400 + 43_200 - Int(Date().timeIntervalSince1970) % 86_400
        try step(by: .zero)
    }

    /// Sets the clock so far from where it would be without any step.
    func step(by distance: Duration) throws {
        let offset = base + Int(distance.components.seconds)
        try Data("\(offset < 0 ? "" : "+")\(offset)\n".utf8).write(to: file, options: .atomic)
    }

    /// What the daemon's clock shows after a step.
    func time(after distance: Duration = .zero) -> Date {
        Date().addingTimeInterval(Double(base) + Double(distance.components.seconds))
    }

    func remove() { try? FileManager.default.removeItem(at: directory) }

    /// What makes a process live by this clock.
    var environment: [String: String] {
        [
            "LD_PRELOAD": Self.library ?? "", "FAKETIME_TIMESTAMP_FILE": file.path, "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1", "FAKETIME_SHARED": shared,
        ]
    }

    static let day = Duration.seconds(86_400)
    static let hour = Duration.seconds(3600)
    static let year = Duration.seconds(365 * 86_400)
}
