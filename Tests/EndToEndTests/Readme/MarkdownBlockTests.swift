import Foundation
import Testing

/// The reader of the documentation's blocks, without which the other tests would agree with anything.
@Suite struct MarkdownBlockTests {
    @Test func `blocks come with their marker and with what they print`() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "blocks-\(UUID().uuidString).md")
        defer { try? FileManager.default.removeItem(at: file) }
        let text = """
            <!-- test: one, two -->
            ```sh
            echo a
            ```

            ```text
            a
            ```
            Prose.

            <!-- shown: takes long -->
            ```sh
            make
            ```

            Prose.

            ```text
            not printed
            ```

            <!-- printed -->
            ```text
            made
            ```

            ```python
            pass
            ```
            """
        try Data(text.utf8).write(to: file)
        let blocks = try MarkdownBlock.all(in: file).filter(\.isCommand)
        #expect(blocks.map(\.text) == ["echo a\n", "make\n", "pass\n"])
        #expect(blocks.map(\.scenes) == [["one", "two"], [], []])
        #expect(blocks.map(\.marker) == ["test: one, two", "shown: takes long", nil])
        #expect(blocks.map(\.expected) == ["a\n", "made\n", nil])
        #expect(blocks.map(\.line) == [2, 12, 27])
    }

    static let outputs: [(stated: String, printed: String, matches: Bool)] = [
        ("a\nb", "a\nb\n", true), ("a\nb", "a\nc\n", false), ("a", "a\nb\n", false), ("a\nb", "a\n", false),
        ("a…c", "abbc\n", true), ("a…c", "abbd\n", false), ("…c", "c\n", true), ("a…", "a\n", true),
        ("a…a", "a\n", false), ("a\n…", "a\nb\nc\n", true), ("…\nc", "a\nb\nc\n", true), ("…\nb", "a\nb\nc\n", false),
        ("a\n…\nc", "a\nc\n", true), ("a  \n", "a\r\n", true), ("x…y…z", "x1y2z\n", true), ("x…y…z", "x1z2y\n", false),
    ]

    @Test(arguments: outputs)
    func `an ellipsis stands for any text, and nothing else does`(stated: String, printed: String, matches: Bool) {
        #expect(StatedOutput(stated).matches(printed) == matches)
    }
}
