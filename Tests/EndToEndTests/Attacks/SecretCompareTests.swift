import Foundation
import Testing

/// That no secret is compared in a time that tells how much of a guess is right.
///
/// A clock over the network shows noise. What can be held are the two ways by which secrets are told from guesses at all: looked up
/// by their SHA-256, whose bytes nobody can choose, or compared by one function, whose time is held in its own test. The source is
/// read for a third way.
@Suite struct SecretCompareTests {
    /// Where a secret is held against what somebody shows, and by what.
    static let places: [(file: String, text: String)] = [
        ("Daemon/HTTP/Authenticator.swift", "store.key(hash: hash)"),
        ("Daemon/HTTP/Authenticator.swift", "holder(ofKey: SHA256.hex(of: text))"),
        ("Daemon/HTTP/Authenticator.swift", "store.session(tokenHash: SHA256.hex(of: token)"),
        ("Daemon/HTTP/Authenticator.swift", "var known: [Fingerprint: Known]"),
        ("Daemon/HTTP/OwnPages.swift", "MessageAuthentication.areEqual"),
        ("Daemon/HTTP/SignedRequest.swift", "MessageAuthentication.isValid"),
        ("Daemon/HTTP/BodyDigest.swift", "MessageAuthentication.areEqual"),
        ("Daemon/Pages/Visitors.swift", "MessageAuthentication.areEqual"),
        ("Daemon/Serving/ImageLinks.swift", "MessageAuthentication.isValid"),
        ("Daemon/Payments/StripeNotice.swift", "MessageAuthentication.areEqual"),
        ("Daemon/Payments/CreemNotice.swift", "MessageAuthentication.isValid"),
        ("Daemon/Webhooks/WebhookSignature.swift", "MessageAuthentication.areEqual"),
        ("Daemon/Accounts/OAuth/IDToken.swift", "MessageAuthentication.areEqual"),
        ("Daemon/Accounts/OAuth/SignInFlow.swift", "MessageAuthentication.areEqual"),
        ("Daemon/Accounts/OAuth/SignInFlow.swift", "store.takeSignIn(stateHash: hash"),
        ("Persistence/Crypto/PasswordHash.swift", "MessageAuthentication.areEqual"),
        ("Persistence/Crypto/MessageAuthentication.swift", "CRYPTO_memcmp"),
    ]

    @Test(arguments: places)
    func `a secret is looked up by its digest or compared in constant time`(file: String, text: String) throws {
        let source = try String(contentsOf: Self.sources.appending(path: file), encoding: .utf8)
        #expect(source.contains(text), "\(file) has no '\(text)'")
    }

    /// Comparisons that look like one of a secret and are none: of presence, lengths, codes of C calls, what is public.
    private static let innocent = [
        "webhookSecret != nil", "sessionSecret == nil", "key.hash != record.hash", "token == nil",
        "Hex.bytes(token) != nil", "digest.count ==", "signature.count ==", "code == 1",
        // Of a whole body, and of a file's facts.
        "known.fingerprint == fingerprint", "$0.fingerprint != now",
    ]

    @Test func `no other comparison has a secret on either side`() throws {
        let words =
            "token|secret|signature|nonce|csrf|cookie|password|digest|hmac|hash|verifier|fingerprint|apikey|code"
        let left = try Regex("(?i)[a-z.]*(\(words))[a-z]*[)!?\\]]*( as [A-Za-z]+)? *(==|!=)[^=]")
        let right = try Regex("(?i)[^=](==|!=) *[a-z.(]*(\(words))")
        var found: [String] = []
        for folder in [
            "Daemon/HTTP", "Daemon/Accounts", "Daemon/Pages", "Daemon/Payments", "Daemon/Webhooks", "Daemon/Serving",
            "Persistence/Crypto", "Orchestrator/Webhooks",
        ] {
            for file in try Self.files(in: folder) {
                let source = try String(contentsOf: file, encoding: .utf8)
                for line in source.split(separator: "\n").map({ $0.trimmingCharacters(in: .whitespaces) })
                where !line.hasPrefix("//") && (line.contains(left) || line.contains(right)) {
                    guard !Self.innocent.contains(where: line.contains) else { continue }
                    found.append("\(folder)/\(file.lastPathComponent): \(line)")
                }
            }
        }
        #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
    }

    private static let sources = Shell.root.appending(path: "Sources")

    private static func files(in folder: String) throws -> [URL] {
        let walk = FileManager.default.enumerator(at: sources.appending(path: folder), includingPropertiesForKeys: nil)
        let files = (walk?.allObjects as? [URL] ?? []).filter { $0.pathExtension == "swift" }
        try #require(!files.isEmpty, "\(folder)")
        return files
    }
}
