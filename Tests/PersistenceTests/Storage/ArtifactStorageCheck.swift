import Foundation
import Orchestrator
import Persistence
import Testing

/// One promise of `ArtifactStorage`, checked on an empty one; every backend runs all of them.
struct ArtifactStorageCheck: Sendable, CustomTestStringConvertible {
    let name: String
    let run: @Sendable (any ArtifactStorage) async throws -> Void

    init(_ name: String, _ run: @escaping @Sendable (any ArtifactStorage) async throws -> Void) {
        self.name = name
        self.run = run
    }

    var testDescription: String { name }

    /// Around the sizes where a picture stops to be held in memory.
    static let sizes = [0, 1, 1000, 262_000, 262_144, 262_145, 300_000, 3_000_000]

    static let all = [
        ArtifactStorageCheck("a published picture is read back, whatever its size") { storage in
            for (seed, size) in sizes.enumerated() {
                let bytes = Picture.png(seed: seed, dataBytes: size)
                let staged = try await storage.stage(bytes)
                #expect(staged.digest == Hex.text(SHA256.digest(of: bytes.span)))
                #expect(staged.facts.byteCount == Int64(bytes.count))
                #expect((staged.facts.width, staged.facts.height) == (64, 32))
                #expect(staged.source.contents == bytes)
                try await storage.publish([staged])
                #expect(try await storage.open(staged.digest).source.contents == bytes)
                #expect(staged.source.contents == bytes, "what was staged stays readable")
            }
        },
        ArtifactStorageCheck("a picture is sent on whole or in part") { storage in
            for (seed, size) in [2000, 700_000, 3_000_000].enumerated() {
                let bytes = Picture.png(seed: seed + 50, dataBytes: size)
                let staged = try await storage.stage(bytes)
                #expect(try await !storage.contains(staged.digest))
                try await storage.publish([staged])
                #expect(try await storage.contains(staged.digest))
                #expect(try await storage.sent(staged.digest, nil) == bytes)
                for part in [0..<1, 100..<1900, bytes.count - 1..<bytes.count, 0..<bytes.count] {
                    let range = Int64(part.lowerBound)..<Int64(part.upperBound)
                    #expect(
                        try await storage.sent(staged.digest, range) == Array(bytes[part]),
                        "\(part) of \(bytes.count)"
                    )
                }
            }
            let missing = String(repeating: "0", count: 64)
            for part in [nil, 0..<5 as Range<Int64>] {
                #expect(
                    isNotFound(
                        await artifactError { () throws(ArtifactError) in _ = try await storage.read(missing, part) }
                    )
                )
            }
        },
        ArtifactStorageCheck("a picture that was staged only is not found") { storage in
            let staged = try await storage.stage(Picture.png(seed: 1, dataBytes: 500))
            #expect(
                isNotFound(
                    await artifactError { () throws(ArtifactError) in _ = try await storage.open(staged.digest) }
                )
            )
        },
        ArtifactStorageCheck("equal pictures are kept once, and publishing again is no error") { storage in
            for size in [100, 500_000] {
                let bytes = Picture.png(seed: 2, dataBytes: size)
                let staged = [try await storage.stage(bytes), try await storage.stage(bytes)]
                try await storage.publish(staged)
                try await storage.publish(staged)
                #expect(try await storage.open(staged[0].digest).source.contents == bytes)
            }
        },
        ArtifactStorageCheck("many pictures at once are all kept") { storage in
            try await withThrowingTaskGroup { group in
                for seed in 0..<100 {
                    group.addTask {
                        let bytes = Picture.png(seed: seed % 80, dataBytes: seed % 7 == 0 ? 400_000 : 2000)
                        let staged = try await storage.stage(bytes)
                        try await storage.publish([staged])
                        #expect(try await storage.open(staged.digest).source.contents == bytes)
                    }
                }
                try await group.waitForAll()
            }
        },
        ArtifactStorageCheck("bytes that are no whole picture are refused with the reason") { storage in
            let bytes = Picture.png(seed: 3, dataBytes: 600_000)
            for (bytes, kind) in [
                (Array(bytes.dropLast()), ImageDefect.Kind.truncated),
                (Array("hello, world: no picture".utf8), .notAnImage), ([], .truncated),
            ] {
                let error = await artifactError { () throws(ArtifactError) in _ = try await storage.stage(bytes) }
                guard case .defective(let defect) = error else {
                    return #expect(Bool(false), "\(String(describing: error))")
                }
                if !bytes.isEmpty { #expect(defect.kind == kind) }
            }
            var damaged = bytes
            damaged[300_000] ^= 1
            let error = await artifactError { () throws(ArtifactError) in _ = try await storage.stage(damaged) }
            guard case .defective(let defect) = error, case .corrupt = defect.kind else {
                return #expect(Bool(false), "\(String(describing: error))")
            }
        },
        ArtifactStorageCheck("a picture that was broken off cannot be staged") { storage in
            let sink = storage.makeSink()
            sink.write(Picture.png(seed: 4, dataBytes: 500_000).span)
            sink.abort()
            let error = await artifactError { () throws(ArtifactError) in _ = try await sink.stage() }
            guard case .defective = error else { return #expect(Bool(false), "\(String(describing: error))") }
        },
        ArtifactStorageCheck("a removed picture is gone, and removing it again is no error") { storage in
            let staged = try await storage.stage(Picture.png(seed: 5, dataBytes: 100))
            try await storage.publish([staged])
            try await storage.remove(staged.digest, ifUnusedSince: .distant)
            #expect(
                isNotFound(
                    await artifactError { () throws(ArtifactError) in _ = try await storage.open(staged.digest) }
                )
            )
            try await storage.remove(staged.digest, ifUnusedSince: .distant)
            try await storage.publish([staged])
            _ = try await storage.open(staged.digest)
        },
        ArtifactStorageCheck("a picture stays that was published, taken up again or renewed since") { storage in
            let staged = try await storage.stage(Picture.png(seed: 6, dataBytes: 100))
            try await storage.publish([staged])
            let published = Timestamp(Date())
            let isYoung = try await !storage.remove(staged.digest, ifUnusedSince: published + .seconds(-3600))
            #expect(isYoung)
            while Timestamp(Date()) <= published + .milliseconds(20) { await Task.yield() }
            let later = Timestamp(Date()) + .milliseconds(-10)
            #expect(try await storage.renew(staged.digest))
            #expect(try await !storage.remove(staged.digest, ifUnusedSince: later))
            try await storage.publish([staged])
            #expect(try await !storage.remove(staged.digest, ifUnusedSince: later))
            _ = try await storage.open(staged.digest)
            #expect(try await storage.remove(staged.digest, ifUnusedSince: .distant))
            #expect(try await !storage.renew(staged.digest))
        },
        ArtifactStorageCheck("all that is stored stands on one of 256 shelves") { storage in
            var digests: Set<String> = []
            for seed in 0..<20 {
                let staged = try await storage.stage(Picture.png(seed: seed, dataBytes: 10))
                try await storage.publish([staged])
                digests.insert(staged.digest)
            }
            var found: [String] = []
            for shelf in UInt8.min...UInt8.max { found += try await storage.digests(onShelf: shelf) }
            #expect(Set(found) == digests && found.count == digests.count)
        },
        ArtifactStorageCheck("only digests are looked for") { storage in
            for name in [
                "", "..", "../../etc/passwd", "abc", String(repeating: "A", count: 64),
                String(repeating: "/", count: 64),
            ] {
                #expect(
                    isNotFound(await artifactError { () throws(ArtifactError) in _ = try await storage.open(name) })
                )
                let wasRemoved = try await storage.remove(name, ifUnusedSince: .distant)
                #expect(!wasRemoved)
            }
        },
    ]
}

extension ArtifactStorage {
    /// Writes bytes in pieces, as a network would, and stages them.
    func stage(_ bytes: [UInt8]) async throws(ArtifactError) -> StagedArtifact {
        let sink = makeSink()
        var start = 0
        while start < bytes.count {
            let end = min(start + 60_001, bytes.count)
            sink.write(bytes.span.extracting(start..<end))
            start = end
        }
        sink.finish()
        return try await sink.stage()
    }
}

extension ArtifactStorage {
    /// The bytes that a reader of a part gets.
    func sent(_ digest: String, _ part: Range<Int64>?) async throws -> [UInt8] {
        switch try await read(digest, part) {
        case .held(let held):
            let bytes = held.source.contents ?? []
            return part.map { Array(bytes[Int($0.lowerBound)..<Int($0.upperBound)]) } ?? bytes
        case .stream(let stream):
            var bytes: [UInt8] = []
            while let piece = try await stream.next() { bytes += piece }
            return bytes
        }
    }
}

extension ByteSource {
    var contents: [UInt8]? {
        switch self {
        case .bytes(let bytes): bytes
        case .file(let path, _): FileManager.default.contents(atPath: path).map { [UInt8]($0) }
        }
    }
}

extension Timestamp {
    /// Later than anything that was stored.
    static let distant = Timestamp(milliseconds: 4_000_000_000_000)

    init(_ date: Date) { self.init(milliseconds: Int64(date.timeIntervalSince1970 * 1000)) }
}

/// What the error of `operation` was; nil when there was none.
func artifactError(_ operation: () async throws(ArtifactError) -> Void) async -> ArtifactError? {
    do throws(ArtifactError) {
        try await operation()
        return nil
    } catch {
        return error
    }
}

func isNotFound(_ error: ArtifactError?) -> Bool {
    if case .notFound = error { true } else { false }
}
