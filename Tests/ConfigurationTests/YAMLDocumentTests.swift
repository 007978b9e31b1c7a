import Orchestrator
import Testing

@testable import Configuration

@Suite struct YAMLDocumentTests {
    private func read(_ text: String) -> YAMLDocument { YAMLDocument(Array(text.utf8), file: "f.yaml") }

    @Test func `every value knows its line, column and path`() throws {
        let root = try #require(read("a:\n  b: [x, \"y\"]\n  größe: 3\n  c: {d: ~}\n").root)
        let list = try #require(root["a"]?["b"])
        #expect((list.line, list.column, list.path) == (2, 6, "a.b"))
        #expect((list.elements[1].line, list.elements[1].column, list.elements[1].path) == (2, 10, "a.b[1]"))
        let size = try #require(root["a"]?["größe"])
        #expect((size.line, size.column) == (3, 10), "columns count scalars, not bytes")
        let nothing = try #require(root["a"]?["c"]?["d"])
        #expect(nothing.isNull && nothing.path == "a.c.d" && nothing.column == 10)
    }

    @Test func `quotes make text, and tags that writers of YAML emit are understood`() throws {
        let root = try #require(read("a: '0'\nb: !!float '0'\nc: !!str 7\nd: |\n  x\n").root)
        func isQuoted(_ key: String) -> Bool? {
            if case .scalar(let scalar)? = root[key]?.content { scalar.isQuoted } else { nil }
        }
        #expect([isQuoted("a"), isQuoted("b"), isQuoted("c"), isQuoted("d")] == [true, false, true, true])
    }

    static let mistakes: [(String, [String])] = [
        ("a: 1\nb: 2\na: 3\n", ["3:1 a: duplicate key (first on line 1)"]),
        (
            "a:\n  b: 1\n  b: 2\n  c: 1\n  c: 2\n",
            ["3:3 a.b: duplicate key (first on line 2)", "5:3 a.c: duplicate key (first on line 4)"]
        ),
        ("a:\n\tb: 1\n", ["2:1 a: a tab cannot indent (use spaces)"]),
        ("a:\n  b: 1\n  \tc: 1\n", ["3:3 a.b: a tab cannot indent (use spaces)"]),
        ("a: {k: ${X}}\n", ["1:8 a.k: a reference between brackets must be quoted (quote it: \"${X}\")"]),
        (
            "a: [1, ${file:x.txt}]\n",
            ["1:8 a[1]: a reference between brackets must be quoted (quote it: \"${file:x.txt}\")"]
        ),
        ("a: {k: 1, l: ${X}, m: 2}\n", ["1:14 a.l: a reference between brackets must be quoted (quote it: \"${X}\")"]),
        ("a: b: c\n", ["1:5 a: a ':' is not expected here (check the indentation, and quote texts that contain ': ')"]),
        ("a: \"x\n", ["2:1 a: found unexpected end of stream (a quote is not closed)"]),
        (
            "a: @b\n",
            ["1:4 a: found character that cannot start any token (quote texts that begin with a special character)"]
        ),
        (
            "a: {b: 1\nc: 2\n",
            [
                "2:2 c: did not find expected ',' or '}' (close the bracket, and quote texts that contain brackets or commas)"
            ]
        ),
        ("a: 1\n---\nb: 2\n", ["2:1 : a second document begins here (keep one, and remove '---')"]),
        ("x: &x {a: 1}\ny:\n  <<: *x\n", ["3:3 y.<<: merge keys are not supported (write the keys out)"]),
        ("a: *b\n", ["1:4 a: unknown anchor 'b' (an alias repeats a value that an '&b' above it names)"]),
        ("a: &a [*a]\n", ["1:8 a[0]: unknown anchor 'a' (an alias repeats a value that an '&a' above it names)"]),
        ("a: !mine 3\n", ["1:4 a: tags are not supported here (remove '!…')"]),
        (
            "? [a]\n: 1\n",
            ["1:3 : a key must be a plain name (keys that are lists, mappings or aliases are not supported)"]
        ),
        (
            "a: ${X\nb: ${}\nc: ${A B}\n",
            [
                "1:4 a: malformed reference (write ${NAME} or ${file:PATH}; $${ stands for ${ itself)",
                "2:4 b: malformed reference (write ${NAME} or ${file:PATH}; $${ stands for ${ itself)",
                "3:4 c: malformed reference (write ${NAME} or ${file:PATH}; $${ stands for ${ itself)",
            ]
        ),
        ("a: \u{1}\n", ["1:4 a: control characters are not allowed"]),
    ]

    @Test(arguments: mistakes)
    func `each mistake is reported at its place with its key`(text: String, expected: [String]) {
        #expect(read(text).errors.map(\.brief) == expected)
    }

    @Test func `bytes that are no UTF-8 are refused at their place`() {
        let document = YAMLDocument(Array("a: 1\nbö: ".utf8) + [0xFF, 0x0A], file: "f.yaml")
        #expect(
            document.root == nil
                && document.errors.map(\.brief) == [
                    "2:5 : the file is not UTF-8 (save it as UTF-8 without byte order mark)"
                ]
        )
    }

    @Test func `an alias repeats a value under the path where it stands`() throws {
        let root = try #require(read("a: &x {k: [1]}\nb: *x\n").root)
        let copy = try #require(root["b"]?["k"]?.elements.first)
        #expect((copy.path, copy.line) == ("b.k[0]", 1))
    }

    @Test func `aliases of aliases cannot fill the memory`() {
        var text = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
        for level in 1...20 {
            text +=
                "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
                + "]\n"
        }
        let document = read(text)
        #expect(document.root == nil && document.errors.count == 1)
        #expect(document.errors.first?.message == "the file has more than 200000 values")
    }

    @Test func `depth and size are bounded`() {
        let deep = String(repeating: "[", count: 500) + String(repeating: "]", count: 500)
        #expect(read("a: " + deep).errors.first?.message == "nested more than 32 levels deep")
        let large = [UInt8](repeating: UInt8(ascii: "#"), count: YAMLDocument.Limit.bytes + 1)
        #expect(YAMLDocument(large, file: "f.yaml").errors.map(\.message) == ["the file is larger than 8 MiB"])
    }

    @Test(arguments: ["", "# nothing\n", "---\n", "null\n"])
    func `a file without content is an empty value`(text: String) {
        let document = read(text)
        #expect(document.root?.isNull == true && document.errors.isEmpty)
    }
}

@Suite struct ReferenceResolverTests {
    private let resolver = ReferenceResolver(environment: ["A": "one", "EMPTY": "", "B_2": "two"]) { path in
        path == "key.txt" ? "\n  secret \n" : nil
    }

    static let texts: [(String, String?, [String])] = [
        ("plain", "plain", []), ("${A}", "one", []), ("x-${A}-${B_2}", "x-one-two", []),
        ("${file:key.txt}", "secret", []),
        ("$5 and $", "$5 and $", []), ("$${A}", "${A}", []), ("${NONE}", nil, ["NONE"]), ("${EMPTY}", nil, ["EMPTY"]),
        ("${A}${NONE}${file:no}", nil, ["NONE", "file:no"]),
    ]

    @Test(arguments: texts)
    func `references are replaced, and those that are not set are named`(source: String, text: String?, unset: [String])
        throws
    {
        let resolved = try resolver.resolve(source).get()
        #expect(resolved.text == text && resolved.unset == unset)
    }

    @Test(arguments: ["${", "${}", "${1A}", "${A B}", "${file:}", "${A-}", "x${A"])
    func `malformed references are refused`(source: String) {
        #expect(throws: ReferenceResolver.Malformed.self) { try resolver.resolve(source).get() }
    }
}
