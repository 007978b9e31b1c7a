import FakeVendors
import Foundation
import Orchestrator
import Testing

/// What the hot paths may allocate: more than this is no accident, and every allocation costs its share of a request's time.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Preload.isPossible, "needs no sanitizer")) struct AllocationTests {
    enum HotPath: String, CaseIterable, Sendable {
        case generation, base64, explain, stored, refusal

        /// The most allocations of one request on a connection of its own, all threads together, in a debug build; what was
        /// counted when it was last looked at, and three in a hundred.
        var bound: Double {
            switch self {
            case .generation: 2_540
            case .base64: 2_450
            case .explain: 655
            case .stored: 622
            case .refusal: 447
            }
        }
    }

    @Test func `no hot path allocates more than it did`() async throws {
        let count = try AllocationCount()
        defer { count.remove() }
        try await Scene.play({ $0 = $0.only("openai") }, environment: count.environment) { scene in
            let first = try await scene.generate(["response_format": "url"])
            let url = try #require(first.json?["data"]?[0]?["url"]?.string)
            let picture = try #require(URL(string: url)).path
            for path in HotPath.allCases {
                let ask = { () async throws -> Int in
                    switch path {
                    case .generation: try await scene.generate(["response_format": "url"]).status
                    case .base64: try await scene.generate(["response_format": "b64_json"]).status
                    case .explain:
                        try await scene.client.post("/v1/routes/explain", ["prompt": "a fox", "quality": "low"]).status
                    case .stored: try await scene.client.get(picture).status
                    case .refusal: try await scene.generate(["n": 11]).status
                    }
                }
                // The first ones fill caches.
                for _ in 0..<5 { _ = try await ask() }
                let rounds = 40
                let before = try count.value()
                for _ in 0..<rounds { #expect(try await ask() == (path == .refusal ? 400 : 200)) }
                let each = Double(try count.value() - before) / Double(rounds)
                #expect(each > 10 && each <= path.bound, "\(path): \(each) allocations")
            }
        }
    }
}

/// Counts a daemon's allocations by a library that is loaded in front of all others.
struct AllocationCount {
    private let directory: URL
    private var file: URL { directory.appending(path: "count") }
    private var library: URL { directory.appending(path: "count-allocations.so") }

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "allocations-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try Data(count: 8).write(to: file)
        let source = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/allocations/count-allocations.c")
        let compiler = Process()
        compiler.executableURL = URL(filePath: "/usr/bin/env")
        compiler.arguments = ["gcc", "-O2", "-shared", "-fPIC", "-o", library.path, source.path]
        try compiler.run()
        compiler.waitUntilExit()
        try #require(compiler.terminationStatus == 0)
    }

    var environment: [String: String] { ["LD_PRELOAD": library.path, "ALLOCATION_COUNT": file.path] }

    func value() throws -> UInt64 {
        try Data(contentsOf: file).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    func remove() { try? FileManager.default.removeItem(at: directory) }
}
