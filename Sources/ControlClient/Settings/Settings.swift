internal import CommandLineInterface
internal import Orchestrator

/// The server to talk to and the key to show it: a flag comes before its variable, and that before the file.
struct Settings {
    /// Where a value came from, for people.
    enum Origin: String {
        case flag, environment, file
        case standard = "default"
    }

    static let urlVariable = "ORCHESTRATOR_API_URL"
    static let keyVariable = "ORCHESTRATOR_API_KEY"
    static let signingKeyVariable = "ORCHESTRATOR_SIGNING_KEY"
    static let standardURL = "http://127.0.0.1:8080"
    private static let usualTimeout = 60

    var file: SettingsFile
    /// Without a slash at its end.
    let apiURL: String
    let urlOrigin: Origin
    let apiKey: Secret?
    let keyOrigin: Origin
    /// Signs requests instead of sending the key, where the environment has a signing key.
    let signer: RequestSigner?
    /// For one answer, pictures and waits for jobs aside; seconds.
    let timeout: Int

    init(_ arguments: Arguments, environment: [String: String]) throws(CommandFailure) {
        file = try SettingsFile(environment: environment)
        func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let address: String
        (address, urlOrigin) =
            arguments["api-url"].map { ($0, .flag) } ?? variable(Self.urlVariable).map { ($0, .environment) }
            ?? file[.apiURL].map { ($0, .file) } ?? (Self.standardURL, .standard)
        apiURL = try Self.normalized(address)
        if let given = arguments["api-key"] {
            (apiKey, keyOrigin) = (Secret(given), .flag)
        } else if let given = variable(Self.keyVariable) {
            (apiKey, keyOrigin) = (Secret(given), .environment)
        } else if let kept = file[.apiKey], Self.isSame(file[.apiURL], apiURL) {
            (apiKey, keyOrigin) = (Secret(kept), .file)
        } else {
            // A key goes to no server but the one that gave it.
            (apiKey, keyOrigin) = (nil, .standard)
        }
        // It becomes part of a header.
        guard apiKey?.reveal().utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) ?? true else {
            throw .misuse("the key has characters that no key has")
        }
        if let text = variable(Self.signingKeyVariable) {
            guard let made = RequestSigner(text) else {
                throw .misuse("\(Self.signingKeyVariable) must be a signing key, 'orks_' and what follows")
            }
            signer = made
        } else {
            signer = nil
        }
        timeout = arguments["timeout"].flatMap { Int($0) } ?? Self.usualTimeout
    }

    /// An address as it is kept: no slash at the end, and without the `/v1` that OpenAI's clients want.
    static func normalized(_ address: String) throws(CommandFailure) -> String {
        var text = address
        while text.hasSuffix("/") { text.removeLast() }
        if text.hasSuffix("/v1") { text.removeLast(3) }
        guard WebOrigin(text) != nil, !text.contains("?"), !text.contains("#"),
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { throw .misuse("the API's address must be an http or https URL, not '\(address)'") }
        return text
    }

    private static func isSame(_ kept: String?, _ url: String) -> Bool {
        kept.flatMap { try? normalized($0) } == url
    }

    /// A key as it may be shown: enough to tell it from another.
    static func masked(_ key: String) -> String {
        key.count > 16 ? "\(key.prefix(8))…\(key.suffix(2))" : "…"
    }
}
