import FakeVendors
import Foundation
import Orchestrator

/// The `chromedriver` of these tests: one process, in which each visit opens a browser of its own.
///
/// Real browsers are what people use; a client that only reads HTML would see neither scripts nor layout.
final class Chromium: Sendable {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// Ends with this process, however that ends: the shell reads from a pipe that nobody else holds.
    private static let script = "chromedriver --port=0 --log-level=SEVERE & cat > /dev/null; kill $!"

    private struct Output: Sendable {
        var bytes: [UInt8] = []
        var isClosed = false
    }

    private let input = Pipe()
    private let port: UInt16

    private static let started = Watched<Result<Chromium, any Error>?>(nil)
    private static let isStarting = Watched(false)

    /// Started with the first visit.
    static func shared() async throws -> Chromium {
        let isFirst = isStarting.change { isStarting in
            defer { isStarting = true }
            return !isStarting
        }
        if isFirst {
            let result: Result<Chromium, any Error>
            do { result = .success(try await Chromium()) } catch { result = .failure(error) }
            started.change { $0 = result }
        }
        await started.until { $0 != nil }
        guard let result = started.value else { throw Failure(description: "chromedriver was not waited for") }
        return try result.get()
    }

    private init() async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", Self.script]
        process.environment = [
            "PATH": "/usr/bin:/bin", "HOME": NSTemporaryDirectory(), "TZ": "UTC", "LC_ALL": "C.UTF-8",
        ]
        process.standardInput = input
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        let output = Watched(Output())
        try process.run()
        let descriptor = dup(pipe.fileHandleForReading.fileDescriptor)
        WorkerThread {
            let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
            while true {
                let piece = handle.availableData
                guard !piece.isEmpty else { break }
                output.change { $0.bytes += piece }
            }
            output.change { $0.isClosed = true }
        }.detach()
        await output.until { $0.isClosed || Chromium.port(in: $0.bytes) != nil }
        guard let port = Chromium.port(in: output.value.bytes) else {
            throw Failure(
                description: "no chromedriver: install Debian's chromium and chromium-driver (make test-deps)"
            )
        }
        self.port = port
    }

    private static func port(in output: [UInt8]) -> UInt16? {
        String(decoding: output, as: UTF8.self).firstMatch(of: /started successfully on port (\d+)/)
            .flatMap { UInt16($0.output.1) }
    }

    /// One WebDriver command; throws with the driver's own words when it is refused.
    func command(_ method: String, _ path: String, _ body: JSON? = nil) async throws -> JSON {
        let client = HTTPClient(port: port)
        let reply: ClientReply
        if let body { reply = try await client.post(path, body) } else { reply = try await client.send(method, path) }
        let value = reply.json?["value"] ?? .null
        guard reply.status == 200 else {
            let why = value["message"]?.string ?? reply.text
            throw Failure(description: "\(path.split(separator: "/").last ?? ""): \(why.prefix(2000))")
        }
        return value
    }

    /// Opens a browser, without a window and without a way to any other host than this machine.
    func open() async throws -> String {
        let arguments = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--lang=en-US",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost", "--window-size=1280,900",
        ]
        let options: JSON = [
            "args": .array(arguments.map(JSON.string)), "binary": "/usr/bin/chromium",
        ]
        let wish: JSON = [
            "capabilities": [
                "alwaysMatch": [
                    "browserName": "chrome", "goog:chromeOptions": options,
                    "goog:loggingPrefs": ["browser": "ALL", "performance": "ALL"],
                    "timeouts": ["script": 30_000, "pageLoad": 30_000],
                    "unhandledPromptBehavior": "accept",
                ]
            ]
        ]
        guard let id = try await command("POST", "/session", wish)["sessionId"]?.string else {
            throw Failure(description: "no browser session")
        }
        return id
    }
}
