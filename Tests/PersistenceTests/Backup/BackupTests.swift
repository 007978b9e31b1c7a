import Foundation
import Orchestrator
import Testing

@testable import Persistence

@Suite struct BackupTests {
    private let home = TemporaryDirectory()
    private var data: String { home.path + "/data" }
    private var file: String { home.path + "/backup.tar" }
    private let now = Timestamp(milliseconds: 1_795_255_200_000)

    /// A data directory with a user, a secret, two pictures, and things that are no part of a backup; the user's id.
    private func fill() async throws -> UserID {
        let files = FileManager.default
        try files.createDirectory(atPath: data + "/artifacts/.staging", withIntermediateDirectories: true)
        try Data("secret\n".utf8).write(to: URL(filePath: data + "/session.secret"))
        try Data("no picture".utf8).write(to: URL(filePath: data + "/artifacts/.staging/1"))
        for picture in pictures {
            let digest = Hex.text(SHA256.digest(of: picture.span))
            let directory = data + "/artifacts/" + digest.prefix(2)
            try files.createDirectory(atPath: directory, withIntermediateDirectories: true)
            try Data(picture).write(to: URL(filePath: directory + "/" + digest))
        }
        let store = try SQLiteStore(directory: data)
        let user = try await store.ensureUser(
            email: "a@example.com",
            isAdmin: true,
            now: now,
            id: UserID(time: now, random: (1, 2))
        )
        await store.close()
        return user.id
    }

    /// One that fills its last block, one that is longer than a piece, one that is empty.
    private let pictures = [[UInt8](repeating: 7, count: 512), [UInt8](repeating: 9, count: 1_100_003), []]

    private func restore(_ name: String = "new", from bytes: [UInt8]? = nil) throws -> Backup.Summary {
        if let bytes { try Data(bytes).write(to: URL(filePath: file)) }
        return try Backup(directory: home.path + "/" + name).restore(from: file)
    }

    @Test func `what is restored is what was there`() async throws {
        let user = try await fill()
        let written = try Backup(directory: data).write(to: file)
        #expect(written.pictures == 3 && written.bytes > 1_100_515)
        #expect(try restore() == written)
        let store = try SQLiteStore(directory: home.path + "/new")
        #expect(try await store.user(user)?.email == "a@example.com")
        await store.close()
        for picture in pictures {
            let digest = Hex.text(SHA256.digest(of: picture.span))
            #expect(home.read("new/artifacts/\(digest.prefix(2))/\(digest)") == picture)
        }
        #expect(home.read("new/session.secret") == Array("secret\n".utf8))
        #expect(!home.files.contains { $0.hasPrefix("new/") && $0.contains("staging") })
        #expect(!home.files.contains { $0.hasSuffix(".partial") || $0.hasSuffix(".restored") })
    }

    @Test func `nothing is written over, and nothing taken from under a running daemon`() async throws {
        _ = try await fill()
        let backup = Backup(directory: data)
        let store = try SQLiteStore(directory: data)
        #expect(throws: StoreError.self) { try backup.write(to: file) }
        #expect(home.read("backup.tar") == nil)
        await store.close()
        _ = try backup.write(to: file)
        let first = home.read("backup.tar")
        #expect(throws: StoreError.self) { try backup.write(to: file) }
        #expect(home.read("backup.tar") == first)
        #expect(throws: StoreError.self) { try backup.restore(from: file) }
        #expect(throws: StoreError.self) { try Backup(directory: home.path + "/none").write(to: home.path + "/x") }
    }

    @Test func `an archive that breaks off anywhere makes no data directory`() async throws {
        _ = try await fill()
        _ = try Backup(directory: data).write(to: file)
        let whole = try #require(home.read("backup.tar"))
        var lengths = Array(stride(from: 0, to: whole.count - TarHeader.end.count, by: 60_013))
        lengths += [511, 512, 513, whole.count - TarHeader.end.count, whole.count - TarHeader.end.count + 511]
        for length in lengths {
            #expect(throws: StoreError.self, "\(length)") { try restore(from: Array(whole.prefix(length))) }
        }
        #expect(home.read("new/orchestrator.sqlite") == nil)
        _ = try restore(from: whole)
    }

    @Test func `a picture that is not what its name says is refused`() async throws {
        _ = try await fill()
        _ = try Backup(directory: data).write(to: file)
        var bytes = try #require(home.read("backup.tar"))
        let place = try #require(bytes.lastIndex(of: 9))
        bytes[place] = 8
        #expect(throws: StoreError.self) { try restore(from: bytes) }
        #expect(home.read("new/orchestrator.sqlite") == nil)
    }

    static let foreign = [
        "../evil", "/etc/evil", "artifacts/../../evil", "artifacts/ab/evil",
        "artifacts/00/" + String(repeating: "a", count: 64),
        "orchestrator.lock", "session.secret/x", "", "artifacts//" + String(repeating: "a", count: 64),
    ]

    @Test(arguments: foreign)
    func `a name that no backup has is refused`(name: String) {
        let bytes = TarHeader(name: name, byteCount: 0).block + TarHeader.end
        #expect(throws: StoreError.self) { try restore(from: bytes) }
        #expect(!home.files.contains { $0.contains("evil") })
    }

    @Test(arguments: [0, 1, 511, 512, 8_589_934_591, 8_589_934_592, 8_589_934_597, 1 << 50] as [Int64])
    func `a header says the size of any file`(byteCount: Int64) {
        let header = TarHeader(name: "orchestrator.sqlite", byteCount: byteCount)
        #expect(TarHeader(block: header.block) == header && header.block.count == 512)
        #expect((byteCount + Int64(header.padding.count)) % 512 == 0 && header.padding.count < 512)
        var damaged = header.block
        damaged[130] ^= 1
        #expect(TarHeader(block: damaged) == nil)
    }
}
