import CommandLineInterface
import Orchestrator

/// The options of `serve`: a flag comes before its variable, and that before the file.
struct ServeOptions: Sendable {
    var config: String
    var dataDirectory: String
    var logLevel: LogLevel
    /// Nil: what the file says.
    var listen: String?
    var publicURL: String?
    var adminKey: Secret?
    /// A throw-away instance: what these options do not say is temporary.
    var isDevelopment = false

    private static let flags: [(flag: String, variable: String)] = [
        ("config", "ORCHESTRATOR_CONFIG"), ("listen", "ORCHESTRATOR_LISTEN"), ("data-dir", "ORCHESTRATOR_DATA_DIR"),
        ("public-url", "ORCHESTRATOR_PUBLIC_URL"), ("log-level", "ORCHESTRATOR_LOG_LEVEL"),
    ]

    init(_ words: ArraySlice<String>, environment: [String: String]) throws(Arguments.Misuse) {
        let arguments = try Arguments(words, valued: Set(Self.flags.map(\.flag)), plain: ["dev"])
        guard arguments.operands.isEmpty else { throw Arguments.Misuse(message: "serve takes options only") }
        func value(_ flag: String) -> String? {
            let variable = Self.flags.first { $0.flag == flag }?.variable
            return arguments[flag] ?? variable.flatMap { environment[$0] }.flatMap { $0.isEmpty ? nil : $0 }
        }
        isDevelopment = arguments.has("dev")
        guard !isDevelopment || (arguments["config"] == nil && arguments["data-dir"] == nil) else {
            throw Arguments.Misuse(message: "serve --dev makes its own configuration and data directory")
        }
        config = value("config") ?? "providers.yaml"
        dataDirectory = value("data-dir") ?? "data"
        let word = value("log-level") ?? LogLevel.info.rawValue
        guard let level = LogLevel(rawValue: word) else {
            throw Arguments.Misuse(message: "--log-level must be debug, info, warning or error, not '\(word)'")
        }
        logLevel = level
        listen = value("listen")
        if let listen, ListenAddress(listen) == nil {
            throw Arguments.Misuse(message: "--listen must be HOST:PORT, not '\(listen)'")
        }
        publicURL = value("public-url").map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
        if let publicURL, WebOrigin(publicURL) == nil {
            throw Arguments.Misuse(message: "--public-url must be an http or https URL, not '\(publicURL)'")
        }
        adminKey = environment["ORCHESTRATOR_ADMIN_KEY"].flatMap { $0.isEmpty ? nil : Secret($0) }
    }
}

/// `HOST:PORT`, an IPv6 host in brackets.
struct ListenAddress: Sendable, Hashable {
    var host: String
    var port: UInt16

    init?(_ text: String) {
        // `UInt16` would take a sign.
        guard let colon = text.lastIndex(of: ":"), !text[colon...].contains("+"),
            let port = UInt16(text[text.index(after: colon)...])
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        self.host = String(host)
        self.port = port
    }

    /// The address under which clients on this machine reach a server bound here.
    func url(port: UInt16) -> String {
        switch host {
        case "0.0.0.0", "::": "http://127.0.0.1:\(port)"
        case let host where host.contains(":"): "http://[\(host)]:\(port)"
        default: "http://\(host):\(port)"
        }
    }
}
