import Foundation
import Glibc
import Orchestrator
import Testing

@testable import Transport

/// An nginx that speaks TLS and HTTP/2 with a certificate of its own, in a directory that goes with it.
private final class SecureVendor: Sendable {
    static let program = "/usr/sbin/nginx"
    static var isAvailable: Bool { FileManager.default.isExecutableFile(atPath: program) }

    let port: UInt16
    let directory: URL
    var certificate: String { directory.appending(path: "cert.pem").path }

    init() throws {
        // A port that was free a moment ago: nginx cannot be told to choose one.
        let vendor = ScriptedVendor { _, _ in }
        port = vendor.port
        vendor.stop()
        directory = FileManager.default.temporaryDirectory.appending(path: "nginx-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try SecureVendor.run(
            "/usr/bin/openssl",
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -addext "
                + "subjectAltName=DNS:localhost -keyout \(directory.path)/key.pem -out \(certificate)"
        )
        try Data(configuration.utf8).write(to: directory.appending(path: "nginx.conf"))
        try SecureVendor.run(SecureVendor.program, "-p \(directory.path) -c nginx.conf")
    }

    /// `X-Requests` counts the requests of a connection, so that the reply tells whether one was used again.
    private var configuration: String {
        """
        pid nginx.pid; error_log error.log; worker_processes 1; events { worker_connections 256; }
        http {
            access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
            uwsgi_temp_path uwsgi; scgi_temp_path scgi;
            server {
                listen 127.0.0.1:\(port) ssl http2; ssl_certificate cert.pem; ssl_certificate_key key.pem;
                add_header X-Protocol $server_protocol; add_header X-Requests $connection_requests;
                location / { default_type application/json; return 200 '{"ok":true}'; }
            }
        }
        """
    }

    /// Foundation's `Process` would wait for the daemon that nginx leaves behind, not for nginx.
    private static func run(_ program: String, _ arguments: String) throws {
        let words = unsafe ([program] + arguments.split(separator: " ").map(String.init)).map { unsafe strdup($0) }
        defer { unsafe words.forEach { unsafe free($0) } }
        var process = pid_t()
        var status: Int32 = 0
        let code = unsafe posix_spawn(&process, program, nil, nil, words + [nil], nil)
        guard code == 0, unsafe waitpid(process, &status, 0) == process, status == 0 else {
            throw CocoaError(.executableLoad)
        }
    }

    func stop() {
        try? SecureVendor.run(SecureVendor.program, "-p \(directory.path) -c nginx.conf -s stop")
        try? FileManager.default.removeItem(at: directory)
    }
}

@Suite(.enabled(if: SecureVendor.isAvailable, "needs nginx"))
struct UpstreamTLSTests {
    @Test func `calls share connections by HTTP2 and no more are opened than allowed`() async throws {
        let vendor = try SecureVendor()
        defer { vendor.stop() }
        try await withClient(configure: {
            $0.certificateFile = vendor.certificate
            $0.secureConnections = 2
        }) { client in
            let request = WireRequest(.post, "https://localhost:\(vendor.port)/", body: .json(["a": 1]))
            try await withThrowingTaskGroup(of: WireReply.self) { group in
                for _ in 0..<100 { group.addTask { try await client.send(request).reply } }
                for try await reply in group {
                    #expect(reply.status == 200 && reply.document == ["ok": true])
                    #expect(reply.header("x-protocol") == "HTTP/2.0")
                }
            }
            let opened = await client.counters().values.reduce(0) { $0 + $1.connectionsOpened }
            // A name may have two addresses, tried side by side.
            #expect(opened <= 4)
        }
    }

    @Test func `a certificate that nobody vouches for is not connected to`() async throws {
        let vendor = try SecureVendor()
        defer { vendor.stop() }
        try await withClient { client in
            let request = WireRequest(
                .post,
                "https://localhost:\(vendor.port)/",
                body: .json([:]),
                authentication: .bearer
            )
            #expect(await client.failure(request, credential: "sk-secret") == .notConnected)
        }
    }
}
