import Persistence

/// The code that a person reads on one device and types on another: `WDJB-MJHT`.
///
/// Twenty letters without vowels, so that no words come about and nothing is taken for a digit (RFC 8628 section 6.1);
/// eight of them are 34 bits, enough where guesses are few and codes short-lived.
enum UserCode {
    private static let alphabet = Array("BCDFGHJKLMNPQRSTVWXZ".utf8)
    private static let half = 4

    static func make() -> String {
        var random = SecureRandom()
        let letters = (0..<2 * half).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] }
        return shown(letters)
    }

    /// A code as it is shown, from what somebody typed: without regard to case, dashes and spaces. Nil for what is none.
    static func read(_ text: String) -> String? {
        guard text.utf8.count <= 64 else { return nil }
        let letters = text.uppercased().utf8.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: " ") }
        guard letters.count == 2 * half, letters.allSatisfy(alphabet.contains) else { return nil }
        return shown(Array(letters))
    }

    private static func shown(_ letters: [UInt8]) -> String {
        String(decoding: letters[..<half] + [UInt8(ascii: "-")] + letters[half...], as: UTF8.self)
    }
}
