/// Greek and Cyrillic letters that common fonts draw like Latin ones (a choice from Unicode's `confusables.txt`).
///
/// Each case has its own likeness: `Н` is seen as `H`, while nobody takes `н` for `h`.
enum LookAlikes {
    /// Whether a letter of these scripts stands in `text`.
    static func occur(in text: String) -> Bool {
        text.unicodeScalars.contains { (0x370...0x52F).contains($0.value) }
    }

    /// The Latin letter that is seen, or the letter itself.
    static func latin(_ letter: Unicode.Scalar) -> Unicode.Scalar { table[letter] ?? letter }

    private static let table: [Unicode.Scalar: Unicode.Scalar] = {
        let pairs: [(String, String)] = [
            ("АВСЕНІЈКМОРЅТУХҮӀԌԚԜ", "ABCEHIJKMOPSTYXYIGQW"), ("асеһіјкорѕухԁԛԝүӏ", "acehijkopsyxdqwyl"),
            ("ЁЇѐёї", "EIeei"), ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX"), ("αγεικνορτυχϲϳ", "ayeikvoptuxcj"),
            ("ΆΈΉΊΌΎΪΫ", "AEHIOYIY"), ("άέίόύϊϋΐΰ", "aeiouiuiu"),
        ]
        var table: [Unicode.Scalar: Unicode.Scalar] = [:]
        for (letters, latin) in pairs {
            for (letter, seen) in zip(letters.unicodeScalars, latin.unicodeScalars) { table[letter] = seen }
        }
        return table
    }()
}
