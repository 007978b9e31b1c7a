import Glibc

/// What the process was started with.
package enum ProcessArguments {
    private static let longest = 4 << 20

    /// Without the program's name.
    ///
    /// Swift looks for them behind the environment, and finds none once a preloaded library has put a variable into it,
    /// which moves it; the kernel knows them still.
    package static var all: [String] {
        guard let bytes = read("/proc/self/cmdline"), !bytes.isEmpty else {
            return Array(CommandLine.arguments.dropFirst())
        }
        // Each ends with a zero byte, the empty ones too.
        return bytes.dropLast().split(separator: 0, omittingEmptySubsequences: false).dropFirst()
            .map { String(decoding: $0, as: UTF8.self) }
    }

    private static func read(_ path: String) -> [UInt8]? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while bytes.count < longest {
            let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 { return nil }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return bytes
    }
}
