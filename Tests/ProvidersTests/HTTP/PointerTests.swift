import Orchestrator
import Testing

@testable import Providers

@Suite struct PointerTests {
    private let document: JSON = [
        "data": [["url": "u0", "safe": true], ["url": "u1", "safe": false], ["url": nil]], "flags": [false, true],
        "outputs": ["9": ["images": ["a", "b"]], "12": ["images": ["c"]]], "a/b": ["~": "odd"], "": "empty",
    ]

    @Test(arguments: [
        ("/data/0/url", #"["u0"]"#), ("/data/*/url", #"["u0","u1",null]"#), ("/outputs/*/images/*", #"["a","b","c"]"#),
        ("/a~1b/~0", #"["odd"]"#), ("/", #"["empty"]"#), ("/data/00", "[]"), ("/data/-1", "[]"), ("/nothing/*", "[]"),
        ("/data/0/url/*", "[]"),
    ])
    func `a pointer leads to every value that it names, in order`(text: String, expected: String) throws {
        #expect(JSON.array(try Pointer(text).values(in: document)).text == expected)
    }

    @Test func `an item's own word, and one from the top at the same place`() throws {
        let items = try Pointer("/data/*").matches(in: document)
        #expect(try items.map { try Pointer("/safe").value(of: $0, in: document) } == [true, false, nil])
        #expect(try items.map { try Pointer("$/flags/*").value(of: $0, in: document) } == [false, true, nil])
        #expect(try items.map { try Pointer("$/data/*/url").value(of: $0, in: document)?.string } == ["u0", "u1", nil])
    }

    @Test(arguments: [("data", 0), ("$data", 1), ("/a~2", 2), ("/a/~", 3), ("/x~", 2)])
    func `what is no pointer says where`(text: String, offset: Int) {
        let failure = #expect(throws: Pointer.Malformed.self) { try Pointer(text) }
        #expect(failure?.offset == offset)
    }
}
