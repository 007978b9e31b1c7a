import FakeVendors
import Foundation
import Orchestrator
import Testing

/// What a picture's file says about how it came about, from the vendor to the caller.
@Suite(.timeLimit(.minutes(2))) struct ProvenanceTests {
    /// A PNG with a C2PA manifest, as far as its container goes.
    private static let signed: [UInt8] = {
        let png = PictureMaker.make(.png, width: 1024, height: 1024, number: 3)
        let body = Array("caBX".utf8) + [UInt8](repeating: 7, count: 100)
        var crc = CRC32()
        crc.update(body.span)
        let sum = (0..<4).map { UInt8(truncatingIfNeeded: crc.value >> (24 - 8 * $0)) }
        return png[..<33] + [0, 0, 0, 100] + body + sum + png[33...]
    }()

    @Test func `a manifest that a conversion breaks is named, and the vendor's file stays to be had`() async throws {
        try await Scene.play { scene in
            scene.farm.openAI.script(.draws(.bytes(Self.signed)), .draws(.bytes(Self.signed)))
            let model: JSON = "openai/gpt-image-2"
            let plain = try await scene.generate(["model": model, "response_format": "b64_json"])
            #expect(try await scene.picture(plain) == Self.signed)
            let kept = try await scene.job(plain).value(at: "/images/0")
            #expect(kept?["provenance"] == "c2pa" && kept?["original"] == nil)
            let keptPath = "/v1/images/\(kept?["id"]?.string ?? "")/content"
            #expect(try await scene.client.get(keptPath + "?original=1").status == 404)
            #expect(try await scene.client.get(keptPath + "?original=yes").status == 400)

            let reply = try await scene.generate(["model": model, "output_format": "webp"])
            #expect(reply.status == 200, "\(reply.text)")
            #expect(reply.header("x-orchestrator-adapted")?.contains("provenance") == true)
            let job = try await scene.job(reply)
            #expect(job["adapted"]?.array?.last?["field"] == "provenance")
            let id = try #require(job.value(at: "/images/0/id")?.string)
            let image = try #require(try await scene.client.get("/v1/images/\(id)").json)
            #expect(image["provenance"]?.isNull == true && image.value(at: "/original/output_format") == "png")
            #expect(image.value(at: "/original/sha256")?.string == SHA256.hex(Self.signed))
            let link = try #require(image.value(at: "/original/url")?.string)
            let original = try await scene.client.get(Scene.path(of: link))
            #expect(original.body == Self.signed && original.header("content-type") == "image/png")
            let delivered = try await scene.client.get("/v1/images/\(id)/content")
            #expect(delivered.header("content-type") == "image/webp")
            #expect(try ImageInspector.facts(of: delivered.body).provenance == nil)
            #expect(try await scene.client.send("DELETE", "/v1/images/\(id)").status == 200)
            #expect(try await scene.client.get(Scene.path(of: link)).status == 404)
        }
    }

    @Test(arguments: ["png", "jpeg", "webp"])
    func `by the setting, pictures without one say that a model made them`(format: String) async throws {
        try await Scene.play {
            $0.server.append("provenance: embed")
        } _: { scene in
            // Past what is held in memory, so that the file is copied with the mark.
            scene.farm.openAI.script(.draws(.padded(400_000)), .draws(.bytes(Self.signed)))
            let asked: [String: JSON] = [
                "model": "openai/gpt-image-2", "output_format": .string(format), "response_format": "b64_json",
            ]
            let bytes = try await scene.picture(try await scene.generate(asked))
            let vendors = try #require(scene.farm.openAI.pictures.first?.bytes)
            #expect(bytes.count > vendors.count && bytes.count < vendors.count + 2000)
            let file = scene.daemon.dataDirectory.appending(path: "marked.\(format)")
            try Data(bytes).write(to: file)
            let read = try await Shell.run(
                ["exiftool", "-a", "-G1", "-s", "-XMP:all", "-validate", "-warning", file.path],
                in: Shell.root
            )
            let source = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
            #expect(read.output.contains("[XMP-iptcExt]   DigitalSourceType               : \(source)"), "\(read)")
            #expect(!read.output.contains("Warning"), "\(read)")
            let opened = try await Shell.run(
                [
                    "\(try await Shell.python())/python3", "-c",
                    "import sys; from PIL import Image; p = Image.open(sys.argv[1]); p.load(); print(p.size, len(p.info.get('xmp', b'')) > 100)",
                    file.path,
                ],
                in: Shell.root
            )
            #expect(opened.output == "(1024, 1024) True\n")
            // A manifest is not touched; one that a conversion broke makes room for the mark.
            let job = try await scene.job(try await scene.generate(asked))
            #expect(job.value(at: "/images/0/provenance") == (format == "png" ? "c2pa" : "iptc"))
        }
    }
}
