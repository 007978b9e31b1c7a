/// Makes of a vendor's picture the one that was asked for, or says that it is not.
struct PictureFinisher: Sendable {
    var services: EngineServices
    var request: ImageRequest
    var rendition: Rendition
    var fidelity: Fidelity
    var marking: ProvenanceMarking

    /// A picture as it will be delivered.
    struct Finished: Sendable {
        var artifact: StagedArtifact
        /// The vendor's file, where its C2PA manifest did not survive.
        var original: StagedArtifact?
        /// What the vendor's picture measured, by which it is priced.
        var nativeSize: PixelSize
        var size: PixelSize
        var adapted: [Adaptation]
    }

    /// A result may differ by so much from a ratio that was asked for.
    private static let ratioTolerance = 0.02
    /// So often a picture comes back to a line for imaging that was full: for half a minute.
    private static let busyTries = 120
    private static let busyPause = Duration.milliseconds(250)

    func finish(_ staged: StagedArtifact) async throws(ProviderFailure) -> Finished {
        guard let native = PixelSize(width: staged.facts.width, height: staged.facts.height) else {
            throw ProviderFailure(.unusable, "a picture of \(staged.facts.width)x\(staged.facts.height)")
        }
        var adapted: [Adaptation] = []
        var conversion = ImageConversion(staged.facts.format)
        if let target = try targetSize(native, &adapted) { conversion.size = target }
        if staged.facts.format != request.wantedFormat {
            conversion.format = request.wantedFormat
            if !rendition.convertsFormat {
                guard fidelity != .strict else {
                    throw ProviderFailure(.unusable, "asked for \(rendition.format), got \(staged.facts.format)")
                }
                adapted.append(
                    Adaptation(
                        field: "output_format",
                        asked: request.wantedFormat.rawValue,
                        given: request.wantedFormat.rawValue,
                        why: "the vendor sent \(staged.facts.format.rawValue); converted here"
                    )
                )
            }
        }
        try await checkTransparency(of: staged, &adapted)
        guard conversion.size != nil || conversion.format != staged.facts.format else {
            let marked = try await mark(staged)
            return Finished(artifact: marked, nativeSize: native, size: native, adapted: adapted)
        }
        let converted = try await mark(try await convert(staged, conversion))
        let size = PixelSize(width: converted.facts.width, height: converted.facts.height) ?? native
        var finished = Finished(artifact: converted, nativeSize: native, size: size, adapted: adapted)
        if staged.facts.provenance == .c2pa {
            finished.original = staged
            finished.adapted.append(
                Adaptation(
                    field: "provenance",
                    asked: Provenance.c2pa.rawValue,
                    given: converted.facts.provenance?.rawValue ?? "none",
                    why: "the vendor's C2PA manifest holds for its own file alone, which is kept as the original"
                )
            )
        }
        return finished
    }

    /// The size to resample to; nil to leave the picture as it is.
    private func targetSize(_ native: PixelSize, _ adapted: inout [Adaptation]) throws(ProviderFailure) -> PixelSize? {
        if let asked = request.size, asked != native {
            guard fidelity != .strict else {
                throw ProviderFailure(.unusable, "asked for \(asked), got \(native), and fidelity is strict")
            }
            guard native.ratio.deviation(of: asked.ratio) <= ShapeMapping.resampleTolerance else {
                adapted.append(
                    Adaptation(
                        field: "size",
                        asked: "\(asked)",
                        given: "\(native)",
                        why: "the vendor's picture has another ratio, so it is delivered as it is"
                    )
                )
                return nil
            }
            adapted.append(
                Adaptation(field: "size", asked: "\(asked)", given: "\(asked)", why: "resampled here from \(native)")
            )
            return asked
        }
        if request.size == nil, let ratio = request.aspectRatio,
            native.ratio.deviation(of: ratio) > Self.ratioTolerance
        {
            guard fidelity != .strict else {
                throw ProviderFailure(.unusable, "asked for \(ratio), got \(native), and fidelity is strict")
            }
            adapted.append(
                Adaptation(
                    field: "aspect_ratio",
                    asked: "\(ratio)",
                    given: "\(native)",
                    why: "the vendor's sizes come near its ratios only"
                )
            )
        }
        return nil
    }

    private func checkTransparency(
        of staged: StagedArtifact,
        _ adapted: inout [Adaptation]
    ) async throws(ProviderFailure) {
        guard request.background == .transparent else { return }
        var isTransparent = staged.facts.hasAlpha
        if isTransparent, fidelity == .strict {
            do throws(ImagingError) {
                isTransparent = try await services.imaging.hasTransparency(staged.source)
            } catch {
                throw ProviderFailure(.unusable, "the picture cannot be decoded: \(error.detail)")
            }
        }
        guard !isTransparent else { return }
        guard fidelity != .strict else { throw ProviderFailure(.unusable, "asked for transparency, got none") }
        adapted.append(
            Adaptation(
                field: "background",
                asked: "transparent",
                given: "opaque",
                why: "the vendor's picture is opaque"
            )
        )
    }

    private func convert(
        _ staged: StagedArtifact,
        _ conversion: ImageConversion
    ) async throws(ProviderFailure) -> StagedArtifact {
        var conversion = conversion
        if conversion.format != .png { conversion.quality = request.compression.map { max($0, 1) } }
        let bytes: [UInt8]
        do throws(ImagingError) {
            bytes = try await patiently(convert: staged.source, conversion)
        } catch {
            throw ProviderFailure(.unusable, "the picture cannot be converted: \(error.detail)")
        }
        let sink = services.storage.makeSink()
        sink.write(bytes.span)
        return try await stage(sink)
    }

    /// Waits while too much imaging work is waiting already: a picture that is paid for is not given up for that.
    private func patiently(
        convert source: ByteSource,
        _ conversion: ImageConversion
    ) async throws(ImagingError) -> [UInt8] {
        for _ in 0..<Self.busyTries {
            do throws(ImagingError) {
                return try await services.imaging.convert(source, conversion)
            } catch {
                guard error.kind == .busy, (try? await services.time.sleep(for: Self.busyPause)) != nil else {
                    throw error
                }
            }
        }
        return try await services.imaging.convert(source, conversion)
    }

    /// The picture with the digital source type in its file, where the settings want that and the file has room for it.
    private func mark(_ staged: StagedArtifact) async throws(ProviderFailure) -> StagedArtifact {
        guard marking == .embed, staged.facts.provenance == nil else { return staged }
        let sink = services.storage.makeSink()
        let problem: MarkingProblem?
        do {
            problem = try await services.offloading.run { Self.write(staged, marked: sink) }
        } catch {
            problem = .unreadable("no thread to read on: \(error)")
        }
        switch problem {
        case .nowhere: return staged
        case .unreadable(let why):
            throw ProviderFailure(.unusable, "the picture: \(why)", code: PictureIntake.storageCode)
        case nil: return try await stage(sink)
        }
    }

    private enum MarkingProblem: Sendable {
        case nowhere
        case unreadable(String)
    }

    /// Looks through the picture once more for the place, then copies it with the mark.
    private static func write(_ staged: StagedArtifact, marked sink: any ArtifactSink) -> MarkingProblem? {
        var inspector = ImageInspector(limits: ImageLimits(maxPixels: .max, maxTrailingBytes: .max))
        do throws(ImageDefect) {
            let problem = try staged.source.forEachPiece { (piece) throws(ImageDefect) in try inspector.consume(piece) }
            if let problem { return .unreadable("error \(problem)") }
            let facts = try inspector.finish()
            guard let place = inspector.xmpPlace, let mark = DigitalSourceMark(facts, place) else { return .nowhere }
            return mark.apply(to: staged.source) { sink.write($0) }.map { .unreadable("error \($0)") }
        } catch {
            return .unreadable(error.description)
        }
    }

    private func stage(_ sink: any ArtifactSink) async throws(ProviderFailure) -> StagedArtifact {
        sink.finish()
        do throws(ArtifactError) {
            return try await sink.stage()
        } catch {
            throw ProviderFailure(.unusable, "the converted picture: \(error)", code: PictureIntake.storageCode)
        }
    }
}
