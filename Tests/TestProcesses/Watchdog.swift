import Glibc

/// A shell that ends a server and removes its directory once the process that made it is gone.
///
/// It reads from a pipe whose other end only that process holds, so that it learns of any end, also by SIGKILL. Not
/// PR_SET_PDEATHSIG: that strikes when the thread ends that started the child.
package final class Watchdog: Sendable {
    private static let script = """
        trap '' HUP INT TERM
        cd /
        cat > /dev/null
        [ -f "$0/$1" ] && kill -QUIT "$(head -n 1 "$0/$1")"
        while [ -f "$0/$1" ] && kill -0 "$(head -n 1 "$0/$1")" 2> /dev/null; do
            sleep 0.1
        done
        rm -rf "$0"
        """

    private let held: Int32

    /// `file`, in the directory, holds the server's id in its first line, as long as there is a server.
    package init(directory: String, file: String) throws {
        var ends: [Int32] = [0, 0]
        guard unsafe pipe(&ends) == 0, fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0 else {
            throw ProcessFailure(description: "no pipe: errno \(errno)")
        }
        held = ends[1]
        let nothing = unsafe open("/dev/null", O_RDWR | O_CLOEXEC)
        defer {
            close(nothing)
            close(ends[0])
        }
        // Nor may it keep open what the test's own output is read from.
        _ = try ChildProcess("/bin/sh", ["-c", Watchdog.script, directory, file], input: ends[0], output: nothing)
    }

    deinit { close(held) }
}
