import FakeVendors
import Orchestrator
import Testing

@testable import Persistence

/// Signatures of JSON Web Tokens, held against the RFC's and against OpenSSL's own encoding.
@Suite struct WebSignatureTests {
    private static func bytes(_ text: String) throws -> [UInt8] { try #require(Base64URL.decode(text)) }

    /// The claims of RFC 7515, appendices A.2 and A.3.
    private static let claims =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

    @Test func `the RFC's signature by RSA is right, and any other byte is not`() throws {
        let modulus = try Self.bytes(
            "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SF"
                + "d2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo"
                + "7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkM"
                + "Ls91kzk2PAcDTW9gb54h4FRWyuXpoQ"
        )
        let key = try #require(VerificationKey(modulus: modulus, exponent: [1, 0, 1]))
        var signature = try Self.bytes(
            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t"
                + "1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--x"
                + "i12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_I"
                + "oypGlUPQGe77Rw"
        )
        let message = Array("eyJhbGciOiJSUzI1NiJ9.\(Self.claims)".utf8)
        #expect(key.algorithm == .rs256 && key.isValid(signature, of: message))
        #expect(!key.isValid(signature, of: message + [0]) && !key.isValid([], of: message))
        signature[7] ^= 1
        #expect(!key.isValid(signature, of: message))
    }

    @Test func `the RFC's signature on P-256 is right, and any other byte is not`() throws {
        let x = try Self.bytes("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU")
        let y = try Self.bytes("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")
        let key = try #require(VerificationKey(x: x, y: y))
        var signature = try Self.bytes(
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
        )
        let message = Array("eyJhbGciOiJFUzI1NiJ9.\(Self.claims)".utf8)
        #expect(key.algorithm == .es256 && key.isValid(signature, of: message))
        #expect(!key.isValid(signature + [0], of: message) && !key.isValid([], of: message))
        #expect(!key.isValid(Array(repeating: 0, count: 64), of: message))
        signature[40] ^= 1
        #expect(!key.isValid(signature, of: message))
        // A point beside the curve, coordinates too short.
        #expect(VerificationKey(x: y, y: x) == nil && VerificationKey(x: Array(x.dropFirst()), y: y) == nil)
    }

    @Test func `keys that are too weak, too large or none are not taken`() {
        let full = [UInt8](repeating: 0xC5, count: 256)
        #expect(VerificationKey(modulus: full, exponent: [1, 0, 1]) != nil)
        #expect(VerificationKey(modulus: [0, 0] + full, exponent: [3]) != nil)
        #expect(VerificationKey(modulus: Array(full.dropFirst()), exponent: [1, 0, 1]) == nil)
        #expect(VerificationKey(modulus: [0x01] + full.dropFirst(), exponent: [1, 0, 1]) == nil)
        #expect(VerificationKey(modulus: Array(repeating: 0xC5, count: 1025), exponent: [1, 0, 1]) == nil)
        #expect(
            VerificationKey(modulus: [], exponent: [3]) == nil && VerificationKey(modulus: full, exponent: []) == nil
        )
        #expect(VerificationKey(modulus: full, exponent: [1, 0, 0, 0, 1]) == nil)
    }

    @Test func `what our key signs is right by its public half, whatever the numbers begin with`() throws {
        let pair = FakeSigner(.curve)
        let key = try #require(SigningKey(pem: pair.pem))
        let web = pair.webKey
        let (x, y) = (try Self.bytes(web["x"]?.string ?? ""), try Self.bytes(web["y"]?.string ?? ""))
        let check = try #require(VerificationKey(x: x, y: y))
        for number in 0..<600 {
            let message = Array("message \(number)".utf8)
            let signature = try #require(key.sign(message))
            #expect(signature.count == 64 && check.isValid(signature, of: message))
        }
    }

    @Test func `a private key of another kind, or none, is not taken`() {
        #expect(SigningKey(pem: FakeSigner(.rsa).pem) == nil)
        #expect(SigningKey(pem: "") == nil && SigningKey(pem: "-----BEGIN PRIVATE KEY-----\nAAAA\n") == nil)
    }

    static let texts: [(String, [UInt8]?)] = [
        ("", []), ("-_-_", [0xFB, 0xFF, 0xBF]), ("Zg", [0x66]), ("Zg==", nil), ("+/+/", nil), ("Z", nil), ("Z g", nil),
    ]

    @Test(arguments: texts)
    func `base64 for addresses has its own letters, and no padding`(text: String, bytes: [UInt8]?) {
        #expect(Base64URL.decode(text) == bytes)
        if let bytes { #expect(Base64URL.encode(bytes) == text) }
    }
}
