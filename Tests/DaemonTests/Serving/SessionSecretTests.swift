import Foundation
import Orchestrator
import Testing

@testable import Daemon

/// What signs links and sessions, and where it is kept.
@Suite struct SessionSecretTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "secret-\(UUID())").path

    @Test func `without settings it is made once, and kept for its owner's eyes`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let directory = try DataDirectory(folder)
        let made = try directory.sessionSecret(AuthSettings())
        #expect(made.count == 32)
        #expect(try directory.sessionSecret(AuthSettings()) == made)
        let facts = try FileManager.default.attributesOfItem(atPath: folder + "/session.secret")
        #expect((facts[.posixPermissions] as? Int) == 0o600)
    }

    @Test func `one that is configured counts, whatever is kept`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let directory = try DataDirectory(folder)
        let made = try directory.sessionSecret(AuthSettings())
        var settings = AuthSettings()
        settings.sessionSecret = Secret("a secret of thirty-two characters")
        let configured = try directory.sessionSecret(settings)
        #expect(configured.count == 32 && configured != made)
        #expect(try directory.sessionSecret(settings) == configured)
        settings.sessionSecret = Secret("too short")
        #expect(throws: DataDirectory.Problem.self) { try directory.sessionSecret(settings) }
    }

    @Test func `a file that is named is made, and means the same once it is read as a setting`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let directory = try DataDirectory(folder)
        var settings = AuthSettings()
        settings.sessionSecretFile = folder + "/elsewhere.secret"
        let made = try directory.sessionSecret(settings)
        let text = try String(contentsOfFile: folder + "/elsewhere.secret", encoding: .utf8)
        var later = AuthSettings()
        later.sessionSecret = Secret(text.trimmingCharacters(in: .whitespacesAndNewlines))
        #expect(try directory.sessionSecret(later) == made)
    }
}
