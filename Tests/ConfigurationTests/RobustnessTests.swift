import Orchestrator
import Randomness
import Testing

@testable import Configuration

/// Whatever the bytes, reading ends with a registry or with errors that have a place in the file.
@Suite struct RobustnessTests {
    private func check(_ bytes: [UInt8]) {
        let reading = Reading(
            bytes,
            file: "f.yaml",
            directory: "/nowhere",
            kinds: .stubs,
            environment: Sample.environment,
            today: Sample.today
        )
        let lines = bytes.count { $0 == UInt8(ascii: "\n") } + 2
        if (reading.registry == nil) != !reading.errors.isEmpty {
            Issue.record("neither registry nor errors for \(String(decoding: bytes, as: UTF8.self))")
        }
        for error in reading.errors where error.line < 1 || error.column < 1 || error.line > lines {
            Issue.record("\(error)")
        }
    }

    @Test func `every prefix of a file is read to an end`() {
        let sample = Array(Sample.complete.utf8)
        for count in stride(from: 0, through: sample.count, by: 3) { check(Array(sample.prefix(count))) }
        let shipped = ShippedFile.bytes()
        for count in stride(from: 0, through: shipped.count, by: 397) { check(Array(shipped.prefix(count))) }
    }

    @Test func `every change of one byte is read to an end`() {
        let sample = Array(Sample.complete.utf8)
        let replacements = Array("\t \n:{}[]\"'&*!|#-,$%\u{0}".utf8) + [0x80, 0xFF]
        for index in sample.indices {
            var changed = sample
            changed[index] = replacements[index % replacements.count]
            if index % 2 == 0 { check(changed) }
        }
        let shipped = ShippedFile.bytes()
        for index in stride(from: 0, to: shipped.count, by: 211) {
            var changed = shipped
            changed[index] = replacements[index % replacements.count]
            check(changed)
        }
    }

    @Test func `random bytes are read to an end`() {
        var generator = SeededRandom(seed: 7)
        for _ in 0..<500 {
            check(
                (0..<Int.random(in: 0...80, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator)
                }
            )
            let alphabet = Array("ab: -[]{}&*!|>'\"%@`#,?\n\t ${}\\<~=".utf8)
            check((0..<40).compactMap { _ in alphabet.randomElement(using: &generator) })
        }
    }
}
