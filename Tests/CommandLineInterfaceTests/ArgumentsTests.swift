import CommandLineInterface
import Testing

@Suite struct ArgumentsTests {
    private func read(_ words: [String]) throws -> Arguments {
        try Arguments(words, valued: ["config", "n"], plain: ["json"])
    }

    @Test func `flags and operands are told apart`() throws {
        let arguments = try read(["one", "--config", "a", "--json", "two", "-", "--n=3", "--", "--config", "-x"])
        #expect(arguments.operands == ["one", "two", "-", "--config", "-x"])
        #expect(arguments["config"] == "a" && arguments["n"] == "3" && arguments.has("json"))
    }

    @Test func `of several values the last counts`() throws {
        #expect(try read(["--n", "1", "--n=2"])["n"] == "2")
    }

    @Test func `a value may be empty, hold an equals sign, or look like a flag`() throws {
        #expect(try read(["--config="])["config"] == "")
        #expect(try read(["--config=a=b"])["config"] == "a=b")
        #expect(try read(["--config", "--json"])["config"] == "--json")
        #expect(try read([])["config"] == nil && !(try read([]).has("json")))
    }

    @Test(arguments: [["--nope"], ["--nope=1"], ["-x"], ["--config"], ["--json=1"], ["--json="], ["--="], ["---n"]])
    func `a flag that is unknown, or wrongly used, is a misuse`(words: [String]) {
        #expect(throws: Arguments.Misuse.self) { try read(words) }
    }
}

@Suite struct ShortFlagTests {
    private func read(_ words: [String]) throws -> Arguments {
        try Arguments(
            words,
            valued: ["count", "image"],
            plain: ["json", "quiet"],
            short: ["n": "count", "i": "image", "j": "json", "q": "quiet"]
        )
    }

    @Test(arguments: [["-n", "3", "-jq"], ["-n3", "-j", "-q"], ["-jqn3"], ["-jqn", "3"], ["--count=3", "-qj"]])
    func `letters stand alone, together, and with their value`(words: [String]) throws {
        let arguments = try read(words)
        #expect(arguments["count"] == "3" && arguments.has("json") && arguments.has("quiet"))
        #expect(arguments.operands.isEmpty)
    }

    @Test func `a repeated flag keeps all its values, and one may be negative`() throws {
        let arguments = try read(["-i", "a", "--image", "b", "-ic", "-n", "-5"])
        #expect(arguments.all("image") == ["a", "b", "c"] && arguments["count"] == "-5")
    }

    @Test(arguments: [["-x"], ["-jx"], ["-n"], ["-jn"], ["-5"]])
    func `a letter that is unknown, or lacks its value, is a misuse`(words: [String]) {
        #expect(throws: Arguments.Misuse.self) { try read(words) }
    }
}

@Suite struct TextTableTests {
    @Test func `columns stand below each other whatever the script, and lines end without blanks`() {
        let lines = TextTable.lines([["ID", "PROMPT", "COST"], ["a", "雪の狐", "1"], ["bbb", "e\u{301}", ""]])
        #expect(lines == ["ID   PROMPT  COST", "a    雪の狐  1", "bbb  e\u{301}"])
    }

    @Test func `nothing is no line`() {
        #expect(TextTable.lines([]).isEmpty)
    }
}
