import Testing

@testable import Orchestrator

@Suite struct PictureFinisherTests {
    private let scene = EngineScene()

    /// What vendor a delivers, what is asked at which fidelity, and what comes of it.
    struct Promise: Sendable {
        var vendor: String
        var format = ImageFormat.png
        var hasAlpha = false
        var fidelity = Fidelity.adapt
        var size: String?
        var ratio: String?
        var background = Background.auto
        /// The size delivered and the fields adapted; nil: the picture is not taken, and b is asked.
        var expected: (String, [String])?
    }

    static let promises = [
        Promise(vendor: "64x64", expected: ("64x64", [])),
        Promise(vendor: "64x64", size: "64x64", expected: ("64x64", [])),
        Promise(vendor: "128x128", size: "64x64", expected: ("64x64", ["size"])),
        Promise(vendor: "128x64", size: "64x64", expected: ("128x64", ["size"])),
        Promise(vendor: "128x128", fidelity: .strict, size: "64x64", expected: nil),
        Promise(vendor: "160x90", ratio: "16:9", expected: ("160x90", [])),
        Promise(vendor: "134x76", ratio: "16:9", expected: ("134x76", [])),
        Promise(vendor: "128x90", ratio: "16:9", expected: ("128x90", ["aspect_ratio"])),
        Promise(vendor: "128x90", fidelity: .strict, ratio: "16:9", expected: nil),
        Promise(vendor: "64x64", format: .webp, expected: ("64x64", ["output_format"])),
        Promise(vendor: "64x64", format: .webp, fidelity: .strict, expected: nil),
        Promise(vendor: "64x64", hasAlpha: true, background: .transparent, expected: ("64x64", [])),
        Promise(vendor: "64x64", background: .transparent, expected: ("64x64", ["background"])),
        Promise(vendor: "64x64", fidelity: .strict, background: .transparent, expected: nil),
        Promise(vendor: "64x64", hasAlpha: true, fidelity: .strict, background: .transparent, expected: ("64x64", [])),
    ]

    @Test(arguments: promises)
    func `a vendor's picture becomes the one that was asked for, or is not taken`(promise: Promise) async throws {
        var picture = ScriptedPicture()
        picture.size = size(promise.vendor)
        picture.format = promise.format
        picture.hasAlpha = promise.hasAlpha
        scene.upstream.script("a", .pictures(of: picture))
        scene.upstream.script("b", .fail("server_once"))
        let request = ImageRequest.sample {
            $0.size = promise.size.flatMap { PixelSize($0) }
            $0.aspectRatio = promise.ratio.flatMap { AspectRatio($0) }
            $0.background = promise.background
            $0.routing.fidelity = promise.fidelity
        }
        var registry = Registry.two()
        for index in 0..<2 { registry.providers[index].models[0].capabilities.shapes = .any }
        let job = try await scene.run(registry, request)
        guard let expected = promise.expected else {
            #expect(job.status == .failed && scene.upstream.places == ["a", "b"])
            #expect(job.attempts.first?.outcome == .unusable)
            return
        }
        #expect(job.images.map { "\($0.size)" } == [expected.0] && job.images.map(\.format) == [.png])
        #expect(job.adapted.map(\.field) == expected.1)
        #expect(scene.storage.published == job.images.map(\.digest))
    }

    @Test(arguments: [(3, 1), (500, 2)])
    func `a paid picture waits for its turn to be converted, but not for ever`(busy: Int, attempts: Int) async throws {
        let imaging = ScriptedImaging()
        imaging.busyCalls.withLock { $0 = busy }
        let scene = EngineScene(imaging: imaging)
        var picture = ScriptedPicture()
        picture.format = .webp
        scene.upstream.script("a", .pictures(of: picture))
        let job = try await scene.run(.two(), .sample { _ in })
        #expect(job.status == .succeeded && job.attempts.count == attempts)
        #expect(job.images.map(\.format) == [.png])
    }

    @Test(arguments: [(ImageFormat.png, false), (.webp, true)])
    func `a C2PA manifest stays, or its file is kept beside the converted one`(
        format: ImageFormat,
        isConverted: Bool
    ) async throws {
        var picture = ScriptedPicture()
        (picture.format, picture.hasC2PA, picture.number) = (format, true, 1)
        scene.upstream.script("a", .pictures(of: picture))
        let job = try await scene.run(.two(), .sample { _ in })
        let image = try #require(job.images.first)
        let vendors = OriginalFile(digest: String(decoding: picture.bytes, as: UTF8.self), format: format)
        #expect(image.original == (isConverted ? vendors : nil))
        #expect(image.provenance == (isConverted ? nil : .c2pa))
        #expect(job.adapted.map(\.field) == (isConverted ? ["output_format", "provenance"] : []))
        #expect(Set(scene.storage.published) == Set([image.digest, vendors.digest]))
        let shown = JobAnswer.body(of: job) { _ in "" }["images"]?[0]
        #expect(shown?["provenance"]?.string == (isConverted ? nil : "c2pa"))
        #expect(shown?["original"]?["sha256"]?.string == (isConverted ? vendors.digest : nil))
    }
}
