import Orchestrator
import Testing

@Suite struct BlockedWordsTests {
    private let words = BlockedWords(["kill", "sex", "death star", "Straße", "  "])

    @Test(arguments: [
        "kill", "Kill", "KILL", "please kill it", "kill!", "(kill)", "kill-them", "kill_them", "k i l l", "k.i.l.l",
        "k-i-l-l", "K  I  L  L", "draw k i l l now", "ｋｉｌｌ", "ＫＩＬＬ", "ki\u{200B}ll", "k\u{AD}ill",
        "k\u{200D}i\u{2060}ll",
        "\u{FEFF}kill", "ki\u{301}ll", "k\u{336}i\u{336}l\u{336}l\u{336}", "ki\u{202E}ll", "\nkill\t", "a sex b",
        "death star", "Death  Star", "death\u{200B} star", "death-star", "death\nstar",
        "STRASSE is no match but Straße",
    ])
    func `a word is found whatever hides it`(text: String) {
        #expect(words.match(text))
    }

    @Test(arguments: [
        "", "skill", "skilled", "killer", "Essex", "sextant", "deathstar", "death of a star", "star death", "a fox",
        "k i l", "i l l", "ki ll", "дом", "👩‍👩‍👧", "kıll",
    ])
    func `a word that merely holds one is left alone`(text: String) {
        #expect(!words.match(text))
    }

    @Test func `no words block nothing`() {
        #expect(!BlockedWords([]).match("kill") && !BlockedWords([" ", "--"]).match("- -"))
    }

    @Test func `texts of any kind are read to their end`() {
        var generator = DocumentGenerator(seed: 61)
        for _ in 0..<2000 {
            let text = generator.string()
            #expect(words.match(text + " kill "))
        }
        #expect(words.match(String(repeating: "a ", count: 16_000) + "kill"))
    }
}
