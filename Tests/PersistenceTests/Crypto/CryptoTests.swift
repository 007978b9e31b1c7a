import Foundation
import Orchestrator
import Persistence
import Testing

@Suite struct CryptoTests {
    /// FIPS 180-2, appendix B, and the digest of nothing.
    static let digests: [(String, String)] = [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (String(repeating: "a", count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ]

    @Test(arguments: digests)
    func `digests are those of the standard, whole and in pieces`(text: String, digest: String) {
        #expect(SHA256.hex(of: text) == digest)
        var hash = SHA256()
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: 7777) {
            hash.update(bytes.span.extracting(start..<min(start + 7777, bytes.count)))
        }
        #expect(Hex.text(hash.finish()) == digest)
    }

    /// RFC 4231, test cases 1, 2, 3 and 6.
    static let codes: [([UInt8], [UInt8], String)] = [
        (
            .init(repeating: 0x0b, count: 20), Array("Hi There".utf8),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            .init(repeating: 0xaa, count: 20), .init(repeating: 0xdd, count: 50),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
        ),
        (
            .init(repeating: 0xaa, count: 131), Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
        ([], [], "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
    ]

    @Test(arguments: codes)
    func `authentication codes are those of RFC 4231`(key: [UInt8], message: [UInt8], code: String) throws {
        let made = MessageAuthentication.code(for: message.span, key: key.span)
        #expect(Hex.text(made) == code)
        func isValid(_ code: [UInt8]) -> Bool {
            MessageAuthentication.isValid(code, for: message.span, key: key.span)
        }
        var bytes = try #require(Hex.bytes(code))
        #expect(isValid(bytes))
        bytes[31] ^= 1
        #expect(!isValid(bytes))
        #expect(!isValid(Array(bytes.dropLast())))
    }

    @Test(arguments: ["0", "0g", "AB", "zz", "é"])
    func `only lower-case pairs of digits are hexadecimal`(text: String) {
        #expect(Hex.bytes(text) == nil)
    }

    @Test func `random bytes have the length asked and do not repeat`() {
        let random = SecureRandom()
        #expect(random.bytes(0).isEmpty)
        #expect(random.bytes(33).count == 33)
        #expect(Set((0..<100).map { _ in random.next() }).count == 100)
    }

    @Test func `an announcement is signed as Standard Webhooks' own example`() throws {
        let secret = try #require(WebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        let message = Array(#"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}"#.utf8)
        let code = MessageAuthentication.code(for: message.span, key: secret.bytes.span)
        #expect(
            String(decoding: Base64.encode(code.span), as: UTF8.self)
                == "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        )
    }

    @Test func `secrets that differ at once take as long to compare as those that differ at their end`() throws {
        // So long that a comparison which stops at the first difference is a thousand times as fast as one that does not.
        let secret = [UInt8](repeating: 7, count: 1 << 20)
        var (early, late) = (secret, secret)
        early[0] = 8
        late[late.count - 1] = 8
        let clock = ContinuousClock()
        var ratios: [Double] = []
        for _ in 0..<31 {
            // In turns, so that what slows the machine down slows both.
            let soon = clock.measure { #expect(!MessageAuthentication.areEqual(early, secret)) }
            let end = clock.measure { #expect(!MessageAuthentication.areEqual(late, secret)) }
            ratios.append(soon / end)
        }
        let median = ratios.sorted()[ratios.count / 2]
        #expect((0.1...10).contains(median), "\(median)")
        #expect(MessageAuthentication.areEqual(secret, secret) && !MessageAuthentication.areEqual(secret, [7]))
    }
}
