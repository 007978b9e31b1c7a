import Glibc

/// A shell that ends a server and removes its directory once the process that made it is gone.
///
/// It reads from a pipe whose other end only that process holds, so that it learns of any end, also by SIGKILL. Not
/// PR_SET_PDEATHSIG: that strikes when the thread ends that started the child.
final class Watchdog: Sendable {
    private static let script = """
        trap '' HUP INT TERM
        cd /
        cat > /dev/null
        [ -f "$0/data/postmaster.pid" ] && kill -QUIT "$(head -n 1 "$0/data/postmaster.pid")"
        while [ -f "$0/data/postmaster.pid" ] && kill -0 "$(head -n 1 "$0/data/postmaster.pid")" 2> /dev/null; do
            sleep 0.1
        done
        rm -rf "$0"
        """

    private let held: Int32

    init(directory: String) throws {
        var ends: [Int32] = [0, 0]
        guard unsafe pipe(&ends) == 0, fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0 else {
            throw PostgresServer.Failure(description: "no pipe: errno \(errno)")
        }
        held = ends[1]
        let nothing = unsafe open("/dev/null", O_RDWR | O_CLOEXEC)
        defer {
            close(nothing)
            close(ends[0])
        }
        // Nor may it keep open what the test's own output is read from.
        _ = try ChildProcess("/bin/sh", ["-c", Watchdog.script, directory], input: ends[0], output: nothing)
    }

    deinit { close(held) }
}
