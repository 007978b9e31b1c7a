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
        "STRASSE is no match but Straße", "I k i l l", "I  K I L L  a fox", "k i l l u", "a s e x y",
        "d e a t h s t a r",
        "kíll", "KÌLL", "ķĭłļ", "k\u{1E2D}ll", "dèäth stâr", "kіll", "КILL", "κιll", "kΙll", "ѕех", "ЅЕХ", "sеx",
        "dеаth ѕtаr",
        "k і l l", "Κíll", "ｋіll",
    ])
    func `a word is found whatever hides it`(text: String) {
        #expect(words.match(text))
    }

    @Test(arguments: [
        "", "skill", "skilled", "killer", "Essex", "sextant", "deathstar", "death of a star", "star death", "a fox",
        "k i l", "i l l", "ki ll", "дом", "👩‍👩‍👧", "kıll", "skíll", "ѕkill", "Еssех", "dеаthstar", "I k i c k", "секс",
        "кил",
    ])
    func `a word that merely holds one is left alone`(text: String) {
        #expect(!words.match(text))
    }

    @Test func `words of other scripts are found in either case, and not in Latin letters`() {
        let words = BlockedWords(["тест", "Über", "ΦΌΒΟΣ"])
        for text in ["ТЕСТ", "тест", "a Тест.", "über", "ÜBER", "u\u{308}ber", "uber", "φόβος".uppercased()] {
            #expect(words.match(text), "\(text)")
        }
        for text in ["TECT", "тесто", "Überall"] { #expect(!words.match(text), "\(text)") }
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
