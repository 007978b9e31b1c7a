import Foundation
package import Glibc

/// Why a process of the tests cannot be started, or ended badly.
package struct ProcessFailure: Error, CustomStringConvertible {
    package var description: String

    package init(description: String) { self.description = description }
}

/// A program that this process starts, with no descriptors but its first three.
///
/// Not Foundation's `Process`: that notices a child's end by a socket that the child inherits, and so waits for the
/// server that `pg_ctl` leaves behind as well.
package struct ChildProcess: Sendable {
    package let identifier: pid_t

    /// Starts it with `input` and `output` as its standard streams.
    package init(_ path: String, _ arguments: [String], input: Int32, output: Int32) throws {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, input, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, 2)
        // One that is not open is no error; Swift does not see `posix_spawn_file_actions_addclosefrom_np`.
        for descriptor in 3..<Int32(256) { unsafe posix_spawn_file_actions_addclose(&actions, descriptor) }
        var words = unsafe ChildProcess.copies([path] + arguments)
        var environment = unsafe ChildProcess.copies(["PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"])
        defer { unsafe (words + environment).forEach { unsafe free($0) } }
        var identifier: pid_t = 0
        let code = unsafe posix_spawn(&identifier, path, &actions, nil, &words, &environment)
        guard code == 0 else { throw ProcessFailure(description: "cannot start \(path): errno \(code)") }
        self.identifier = identifier
    }

    private static func copies(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
        var copies: [UnsafeMutablePointer<CChar>?] = unsafe []
        for text in texts { unsafe copies.append(strdup(text)) }
        unsafe copies.append(nil)
        return unsafe copies
    }

    /// Waits for its end; the status as a shell counts it. Blocks the thread.
    package func wait() -> Int32 {
        var status: Int32 = 0
        while unsafe waitpid(identifier, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }
}

extension ChildProcess {
    /// Runs a program to its end; what it prints. Throws when it fails.
    ///
    /// Waits on a thread of its own, as it takes long and the threads of tasks are few.
    @discardableResult
    package static func run(_ path: String, _ arguments: [String]) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try output(path, arguments) })
            }
        }
    }

    private static func output(_ path: String, _ arguments: [String]) throws -> String {
        // A file and not a pipe: a server that is started inherits it and would keep a pipe open.
        let name = NSTemporaryDirectory() + "process-output-" + UUID().uuidString
        let nothing = unsafe open("/dev/null", O_RDWR | O_CLOEXEC)
        let output = unsafe open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        defer {
            close(nothing)
            close(output)
            unsafe unlink(name)
        }
        guard nothing >= 0, output >= 0 else {
            throw ProcessFailure(description: "cannot write '\(name)': errno \(errno)")
        }
        let status = try ChildProcess(path, arguments, input: nothing, output: output).wait()
        let text = String(decoding: FileManager.default.contents(atPath: name) ?? Data(), as: UTF8.self)
        guard status == 0 else {
            throw ProcessFailure(description: "\(path) ended with \(status):\n\(text)")
        }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
