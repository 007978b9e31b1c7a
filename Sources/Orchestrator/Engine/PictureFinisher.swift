/// Makes of a vendor's picture the one that was asked for, or says that it is not.
struct PictureFinisher: Sendable {
    var services: EngineServices
    var request: ImageRequest
    var rendition: Rendition
    var fidelity: Fidelity

    /// A picture as it will be delivered.
    struct Finished: Sendable {
        var artifact: StagedArtifact
        /// What the vendor's picture measured, by which it is priced.
        var nativeSize: PixelSize
        var size: PixelSize
        var adapted: [Adaptation]
    }

    /// A result may differ by so much from a ratio that was asked for.
    private static let ratioTolerance = 0.02

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
            return Finished(artifact: staged, nativeSize: native, size: native, adapted: adapted)
        }
        let converted = try await convert(staged, conversion)
        let size = PixelSize(width: converted.facts.width, height: converted.facts.height) ?? native
        return Finished(artifact: converted, nativeSize: native, size: size, adapted: adapted)
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
            bytes = try await services.imaging.convert(staged.source, conversion)
        } catch {
            throw ProviderFailure(.unusable, "the picture cannot be converted: \(error.detail)")
        }
        let sink = services.storage.makeSink()
        sink.write(bytes.span)
        sink.finish()
        do throws(ArtifactError) {
            return try await sink.stage()
        } catch {
            throw ProviderFailure(.unusable, "the converted picture: \(error)", code: PictureIntake.storageCode)
        }
    }
}
