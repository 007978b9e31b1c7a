import Testing

@testable import Persistence

@Suite struct PasswordHashTests {
    private static let cheap = PasswordHash.Cost(logN: 4, r: 8, p: 1)

    /// RFC 7914 section 12.
    @Test func `scrypt gives what its specification says`() {
        let bytes = PasswordHash.derive(
            from: "password",
            salt: Array("NaCl".utf8),
            cost: PasswordHash.Cost(logN: 10, r: 8, p: 16)
        )
        #expect(bytes.map { Hex.text($0) } == "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162")
    }

    @Test func `a password matches its hash and no other does`() throws {
        let hash = try #require(PasswordHash(of: "correct horse", cost: Self.cheap))
        let kept = try #require(PasswordHash(hash.text))
        #expect(kept == hash && kept.cost == Self.cheap)
        #expect(kept.matches("correct horse") == true)
        // A zero byte at the end would match, as HMAC fills its keys with them; the interface lets none in.
        for other in ["", "Correct horse", "correct horse ", "correct hors"] {
            #expect(kept.matches(other) == false)
        }
        #expect(PasswordHash(of: "", cost: Self.cheap)?.matches("") == true)
    }

    @Test func `a decoy costs as much to compare as any, and nothing matches it`() throws {
        let decoy = PasswordHash(decoyOf: Self.cheap)
        #expect(decoy.cost == Self.cheap && decoy.matches("") == false)
        #expect(PasswordHash(decoy.text) == decoy && decoy != PasswordHash(decoyOf: Self.cheap))
    }

    @Test func `two hashes of one password differ`() {
        #expect(PasswordHash(of: "a", cost: Self.cheap)?.text != PasswordHash(of: "a", cost: Self.cheap)?.text)
    }

    @Test func `today's cost is 32 MiB, three times over`() {
        #expect(PasswordHash(of: "a")?.text.hasPrefix("$scrypt$ln=15,r=8,p=3$") == true)
    }

    private static let digest = "/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWI"

    @Test(arguments: [
        "", "$", "$scrypt$ln=15,r=8,p=1$c2FsdA", "scrypt$ln=15,r=8,p=1$c2FsdA$\(digest)",
        "$argon2id$ln=15,r=8,p=1$c2FsdA$\(digest)", "$scrypt$ln=15,r=8$c2FsdA$\(digest)",
        "$scrypt$ln=15,r=8,p=1,x=1$c2FsdA$\(digest)", "$scrypt$r=8,ln=15,p=1$c2FsdA$\(digest)",
        "$scrypt$ln=40,r=8,p=1$c2FsdA$\(digest)", "$scrypt$ln=15,r=99,p=1$c2FsdA$\(digest)",
        "$scrypt$ln=15,r=8,p=0$c2FsdA$\(digest)", "$scrypt$ln=15,r=8,p=1$c2FsdA$AAAA",
        "$scrypt$ln=15,r=8,p=1$!$\(digest)",
        "$scrypt$ln=15,r=8,p=1$c2FsdA$\(digest)$", "$scrypt$ln=x,r=8,p=1$c2FsdA$\(digest)",
    ])
    func `a text that no hash wrote is none`(text: String) {
        #expect(PasswordHash(text) == nil)
        #expect(PasswordHash("$scrypt$ln=15,r=8,p=1$c2FsdA$\(Self.digest)") != nil)
    }
}
