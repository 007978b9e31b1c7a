import Foundation
import Fuzzing
import Testing

/// What libFuzzer has found worth keeping, fed again: an input that once broke something is in it.
@Suite struct CorpusTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/corpus")

    @Test(arguments: FuzzTarget.allCases)
    func `every kept input keeps every promise`(target: FuzzTarget) throws {
        let folder = Self.folder.appending(path: target.rawValue)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(names.count > 1)
        for name in names {
            let input = [UInt8](try Data(contentsOf: folder.appending(path: name)))
            // A broken promise ends the process: its name is then the last one said.
            print("corpus: \(target)/\(name)")
            for seed in [0x11, 0x8E, 0xF7] as [UInt8] { target.run([seed] + input.dropFirst()) }
            target.run(input)
        }
    }
}
