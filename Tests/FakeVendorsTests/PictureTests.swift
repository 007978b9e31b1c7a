import FakeVendors
import Orchestrator
import Testing

@Suite struct PictureTests {
    static let sizes = [(1, 1), (7, 9), (64, 64), (1024, 1024), (1536, 1024), (1344, 768), (3840, 2160)]

    @Test(arguments: ImageFormat.allCases, sizes)
    func `a made picture is a whole file of its format and size`(format: ImageFormat, size: (Int, Int)) throws {
        let bytes = PictureMaker.make(format, width: size.0, height: size.1, number: 5)
        let facts = try ImageInspector.facts(of: bytes)
        #expect(facts.format == format)
        #expect((facts.width, facts.height) == size)
        #expect(facts.trailingByteCount == 0)
        #expect(!facts.hasAlpha)
    }

    @Test(arguments: ImageFormat.allCases)
    func `no two pictures are alike, and equal numbers give equal bytes`(format: ImageFormat) {
        let made = (1...50).map { PictureMaker.make(format, width: 64, height: 48, number: $0) }
        #expect(Set(made).count == made.count)
        #expect(made[3] == PictureMaker.make(format, width: 64, height: 48, number: 4))
    }

    @Test(arguments: [ImageFormat.png, .webp])
    func `a transparent picture says so in its container`(format: ImageFormat) throws {
        let bytes = PictureMaker.make(format, width: 64, height: 48, number: 1, isTransparent: true)
        #expect(try ImageInspector.facts(of: bytes).hasAlpha)
    }

    @Test(arguments: ImageFormat.allCases)
    func `padding makes a picture larger and leaves it whole`(format: ImageFormat) throws {
        let bytes = PictureMaker.make(format, width: 64, height: 48, number: 1, padding: 300_000)
        #expect(bytes.count > 300_000)
        #expect(try ImageInspector.facts(of: bytes).width == 64)
    }

    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func `digests are those of the standard's examples`(text: String, digest: String) {
        #expect(SHA256.hex(Array(text.utf8)) == digest)
    }

    @Test func `base64 reads back what it wrote and nothing that is broken`() {
        for count in 0..<20 {
            let bytes = (0..<count).map { UInt8($0 * 37 & 0xFF) }
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
        }
        #expect(Base64.encode(Array("fooba".utf8)) == "Zm9vYmE=")
        for broken in ["Zg=", "Zh==", "Z===", "Zm9v!A==", "Zm9vYg"] { #expect(Base64.decode(broken) == nil) }
    }
}
