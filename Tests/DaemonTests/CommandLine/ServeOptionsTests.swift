import CommandLineInterface
import Orchestrator
import Testing

@testable import Daemon

@Suite struct ServeOptionsTests {
    private static let environment = [
        "ORCHESTRATOR_CONFIG": "e.yaml", "ORCHESTRATOR_LISTEN": "127.0.0.1:1", "ORCHESTRATOR_DATA_DIR": "e-data",
        "ORCHESTRATOR_PUBLIC_URL": "https://e.example", "ORCHESTRATOR_LOG_LEVEL": "debug",
        "ORCHESTRATOR_ADMIN_KEY": "ork_e",
    ]

    private static let flags = [
        "--config", "f.yaml", "--listen=127.0.0.1:2", "--data-dir", "f-data", "--public-url=https://f.example/",
        "--log-level", "error",
    ]

    private func options(_ words: [String], _ environment: [String: String] = [:]) throws -> ServeOptions {
        try ServeOptions(words[...], environment: environment)
    }

    @Test func `without anything there are defaults, and the file speaks for the rest`() throws {
        for environment in [[:], Self.environment.mapValues { _ in "" }] {
            let options = try options([], environment)
            #expect(options.config == "providers.yaml" && options.dataDirectory == "data" && options.logLevel == .info)
            #expect(options.listen == nil && options.publicURL == nil && options.adminKey == nil)
        }
    }

    @Test func `a variable comes before the default`() throws {
        let options = try options([], Self.environment)
        #expect(options.config == "e.yaml" && options.dataDirectory == "e-data" && options.logLevel == .debug)
        #expect(options.listen == "127.0.0.1:1" && options.publicURL == "https://e.example")
        #expect(options.adminKey?.reveal() == "ork_e")
    }

    @Test func `a flag comes before its variable`() throws {
        let options = try options(Self.flags, Self.environment)
        #expect(options.config == "f.yaml" && options.dataDirectory == "f-data" && options.logLevel == .error)
        #expect(options.listen == "127.0.0.1:2" && options.publicURL == "https://f.example")
    }

    @Test(arguments: [
        ["--listen", "8080"], ["--listen", ":8080"], ["--listen", "host:"], ["--listen", "host:65536"],
        ["--listen", "host:+1"],
        ["--listen", "::1"], ["--listen", "::1:80"], ["--public-url", "here"], ["--public-url", "ftp://here"],
        ["--log-level", "loud"],
        ["operand"], ["--port", "1"],
    ])
    func `options that cannot be meant are a misuse`(words: [String]) {
        #expect(throws: Arguments.Misuse.self) { try options(words) }
    }

    static let addresses: [(String, String, UInt16)] = [
        ("127.0.0.1:8080", "127.0.0.1", 8080), ("[::1]:0", "::1", 0), ("localhost:65535", "localhost", 65_535),
        ("0.0.0.0:80", "0.0.0.0", 80),
    ]

    @Test(arguments: addresses)
    func `an address to listen on is host and port`(text: String, host: String, port: UInt16) throws {
        let address = try #require(ListenAddress(text))
        #expect(address.host == host && address.port == port)
    }
}
