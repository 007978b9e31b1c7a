import Foundation
import Orchestrator
import Synchronization
import Testing

@testable import Persistence

@Suite struct FilesystemStorageTests {
    let directory = TemporaryDirectory()

    private func open(_ fault: (@Sendable (Disk.Step) -> CInt?)? = nil) throws(ArtifactError) -> FilesystemStorage {
        try FilesystemStorage(directory: directory.path, limits: ImageLimits(), disk: Disk(fault: fault))
    }

    private var temporaries: [String] { directory.files.filter { $0.hasPrefix("tmp/") } }
    private var pictures: [String] { directory.files.filter { !$0.hasPrefix("tmp/") } }

    @Test(arguments: ArtifactStorageCheck.all)
    func `the storage keeps its promises`(check: ArtifactStorageCheck) async throws {
        let storage = try open()
        try await check.run(storage)
        await storage.close()
        #expect(temporaries.isEmpty)
    }

    @Test func `a picture lies under its digest, for its owner alone`() async throws {
        let storage = try open()
        let staged = try await storage.stage(Picture.png(seed: 1, dataBytes: 100))
        try await storage.publish([staged])
        let digest = staged.digest
        #expect(pictures == ["\(digest.prefix(2))/\(digest)"])
        let attributes = try FileManager.default.attributesOfItem(atPath: directory.path + "/" + pictures[0])
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        await storage.close()
    }

    @Test func `temporary files go with those who hold them`() async throws {
        let storage = try open()
        let large = Picture.png(seed: 2, dataBytes: 900_000)
        do {
            let staged = try await storage.stage(large)
            #expect(temporaries.count == 1)
            _ = staged
        }
        do {
            let sink = storage.makeSink()
            sink.write(large.span.extracting(0..<700_000))
        }
        _ = await artifactError { () throws(ArtifactError) in _ = try await storage.stage(Array(large.dropLast())) }
        await storage.close()
        #expect(temporaries.isEmpty)
    }

    @Test func `what a dead process left is swept, what a living one uses is not`() async throws {
        let dead = directory.path + "/tmp/dead"
        try FileManager.default.createDirectory(atPath: dead, withIntermediateDirectories: true)
        try Data(count: 10).write(to: URL(fileURLWithPath: dead + "/1"))
        let first = try open()
        #expect(temporaries.isEmpty)
        let staged = try await first.stage(Picture.png(seed: 3, dataBytes: 600_000))
        let second = try open()
        #expect(temporaries.count == 1)
        try await first.publish([staged])
        #expect(try await second.open(staged.digest).source.byteCount == staged.facts.byteCount)
        await first.close()
        await second.close()
    }

    @Test func `pending bytes are counted until they are in the file`() async throws {
        let gate = Mailbox<Int>(limit: .max)
        let storage = try open { step in
            if step == .write { _ = gate.take(most: 1) }
            return nil
        }
        let sink = storage.makeSink()
        let bytes = Picture.png(seed: 4, dataBytes: 700_000)
        sink.write(bytes.span.extracting(0..<200_000))
        #expect(sink.pendingBytes == 0)
        sink.write(bytes.span.extracting(200_000..<400_000))
        #expect(sink.pendingBytes == 400_000)
        sink.write(bytes.span.extracting(400_000..<bytes.count))
        #expect(sink.pendingBytes == bytes.count)
        for number in 0..<9 { _ = gate.put(number) }
        sink.finish()
        let staged = try await sink.stage()
        #expect(sink.pendingBytes == 0)
        #expect(staged.source.contents == bytes)
        gate.close()
        await storage.close()
    }

    static let faults: [(Disk.Step, Int, CInt)] = Disk.Step.allCases.flatMap { step in
        [100, 900_000].flatMap { size in [(step, size, ENOSPC), (step, size, EIO)] }
    }

    @Test(arguments: faults)
    func `a call that fails is told, leaves nothing half done, and does not keep the next picture out`(
        step: Disk.Step,
        size: Int,
        code: CInt
    ) async throws {
        let box = FaultSwitch(step: step, code: code)
        let storage = try open { box.answer($0) }
        let bytes = Picture.png(seed: 5, dataBytes: size)
        let error = await artifactError { () throws(ArtifactError) in
            try await storage.publish([try await storage.stage(bytes)])
        }
        guard case .storage(let message) = error else { return #expect(Bool(false), "\(String(describing: error))") }
        if code == ENOSPC { #expect(message.contains("no space")) }
        if step != .syncDirectory { #expect(pictures.isEmpty) }
        box.heal()
        if step == .syncDirectory {
            // Nobody knows which names reached the disk: only a new process may go on.
            #expect(storage.failure != nil)
            let again = try await storage.stage(bytes)
            #expect(await artifactError { () throws(ArtifactError) in try await storage.publish([again]) } != nil)
        } else {
            #expect(storage.failure == nil)
            let again = try await storage.stage(bytes)
            try await storage.publish([again])
            #expect(try await storage.open(again.digest).source.contents == bytes)
        }
        await storage.close()
        #expect(temporaries.isEmpty)
    }

    @Test func `a large picture whose fsync failed is not published by trying again`() async throws {
        let box = FaultSwitch(step: .sync, code: EIO)
        let storage = try open { box.answer($0) }
        let staged = try await storage.stage(Picture.png(seed: 6, dataBytes: 900_000))
        #expect(await artifactError { () throws(ArtifactError) in try await storage.publish([staged]) } != nil)
        box.heal()
        #expect(await artifactError { () throws(ArtifactError) in try await storage.publish([staged]) } != nil)
        #expect(pictures.isEmpty)
        await storage.close()
    }

    @Test func `a failure in a group is its caller's alone`() async throws {
        let storage = try open()
        let bad = StagedArtifact(
            digest: String(repeating: "a", count: 64),
            facts: try await storage.stage(Picture.png(seed: 0, dataBytes: 9)).facts,
            source: .file(path: "/etc/hostname", byteCount: 1)
        )
        let failed = await withTaskGroup { group in
            for seed in 0..<60 {
                group.addTask {
                    await artifactError { () throws(ArtifactError) in
                        let good = try await storage.stage(Picture.png(seed: seed, dataBytes: 100))
                        try await storage.publish(seed % 10 == 0 ? [good, bad] : [good])
                    } != nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(failed == 6)
        #expect(pictures.count >= 54)
        await storage.close()
    }

    @Test(arguments: [100, 900_000])
    func `a stored file of the wrong size is replaced`(size: Int) async throws {
        let storage = try open()
        let bytes = Picture.png(seed: 7, dataBytes: size)
        let staged = try await storage.stage(bytes)
        try await storage.publish([staged])
        let path = directory.path + "/" + pictures[0]
        // Atomically, as the staged file is the same one under another name.
        try Data(count: 3).write(to: URL(fileURLWithPath: path), options: .atomic)
        try await storage.publish([staged])
        #expect(try await storage.open(staged.digest).source.contents == bytes)
        await storage.close()
    }

    @Test func `directories that somebody removed are made again`() async throws {
        let storage = try open()
        let staged = try await storage.stage(Picture.png(seed: 8, dataBytes: 100))
        try await storage.publish([staged])
        try FileManager.default.removeItem(atPath: directory.path + "/" + staged.digest.prefix(2))
        try await storage.publish([staged])
        #expect(pictures.count == 1)
        await storage.close()
    }
}

/// Fails one kind of call until it is healed.
private final class FaultSwitch: Sendable {
    private let step: Disk.Step
    private let code: CInt
    private let isBroken = Atomic<Bool>(true)

    init(step: Disk.Step, code: CInt) {
        self.step = step
        self.code = code
    }

    func answer(_ asked: Disk.Step) -> CInt? {
        asked == step && isBroken.load(ordering: .relaxed) ? code : nil
    }

    func heal() { isBroken.store(false, ordering: .relaxed) }
}
