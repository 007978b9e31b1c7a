import Glibc

/// Blocking TCP sockets on 127.0.0.1.
enum Loopback {
    struct Failure: Error {
        var operation: String
        var code: Int32
    }

    /// A socket bound to `port`, or to a free one for 0; it shares its port, so that one may hold it while another listens.
    static func bound(port: UInt16) throws(Failure) -> Int32 {
        let socket = try makeSocket()
        var yes: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        unsafe setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, &yes, size)
        let code = unsafe withAddress(port: port) { unsafe bind(socket, $0, $1) }
        guard code == 0 else {
            let failure = Failure(operation: "bind", code: errno)
            close(socket)
            throw failure
        }
        return socket
    }

    static func connected(port: UInt16) throws(Failure) -> Int32 {
        let socket = try makeSocket()
        let code = unsafe withAddress(port: port) { unsafe connect(socket, $0, $1) }
        guard code == 0 else {
            let failure = Failure(operation: "connect", code: errno)
            close(socket)
            throw failure
        }
        return socket
    }

    static func port(of socket: Int32) -> UInt16 {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe getsockname(socket, $0, &size) }
        }
        return UInt16(bigEndian: address.sin_port)
    }

    /// Sends all bytes; false once the peer is gone.
    static func send(_ bytes: some Collection<UInt8>, to socket: Int32) -> Bool {
        let bytes = Array(bytes)
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer -> Int in
                guard let base = buffer.baseAddress else { return 0 }
                return unsafe Glibc.send(socket, base + sent, buffer.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Appends what has arrived; false at the end of the stream and on errors.
    static func receive(into buffer: inout [UInt8], from socket: Int32) -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe recv(socket, $0.baseAddress, $0.count, 0) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            buffer += chunk[..<count]
            return true
        }
    }

    /// Waits until the peer has left or the socket was shut down here.
    static func waitForHangUp(_ socket: Int32) {
        var ignored: [UInt8] = []
        while receive(into: &ignored, from: socket) { ignored = [] }
    }

    /// Makes the coming close a reset.
    static func resetOnClose(_ socket: Int32) {
        var option = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(socket, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    private static func makeSocket() throws(Failure) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let socket = Glibc.socket(AF_INET, type, 0)
        guard socket >= 0 else { throw Failure(operation: "socket", code: errno) }
        return socket
    }

    private static func withAddress<Value>(
        port: UInt16,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Value
    ) -> Value {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
