package import Orchestrator

/// Works on pixels with libvips, on threads of its own.
///
/// Before libvips sees a byte the core's inspector has walked the whole file: the loader is chosen by what was found, and
/// pictures that are too large, incomplete or of another kind never reach a decoder.
package final class VipsImaging: Imaging {
    private static let usualQuality = 90
    private static let previewQuality = 80

    private let limits: ImageLimits
    private let timeLimit: Duration
    private let maxDecodedBytes: UInt64
    private let pool: ImagingPool

    /// Makes the service; libvips itself starts with the first picture.
    ///
    /// Most pictures are read row by row; a picture that is interlaced or stands on its side is held whole, by each thread
    /// one, of at most `maxDecodedBytes`. `timeLimit` is for the work on one picture, without its wait for a thread.
    package init(
        limits: ImageLimits = ImageLimits(),
        threads: Int = 2,
        maxWaiting: Int = 64,
        timeLimit: Duration = .seconds(30),
        maxDecodedBytes: UInt64 = 512 << 20
    ) {
        precondition(threads >= 1 && maxWaiting >= 0)
        self.limits = limits
        self.timeLimit = timeLimit
        self.maxDecodedBytes = maxDecodedBytes
        pool = ImagingPool(threads: threads, maxWaiting: maxWaiting)
    }

    package func facts(of source: ByteSource) async throws(ImagingError) -> ImageFacts {
        try await pool.run { [limits] () throws(ImagingError) in try source.inspected(limits) }
    }

    package func verify(_ source: ByteSource) async throws(ImagingError) -> ImageFacts {
        try await withPicture(of: source, isStrict: true) { (picture, facts) throws(ImagingError) in
            guard picture.width == facts.width, picture.height == facts.height else {
                throw ImagingError(.unreadable(ImageDefect(.corrupt("its size"))), "header and decoder disagree")
            }
            try picture.decode()
            return facts
        }
    }

    package func hasTransparency(_ source: ByteSource) async throws(ImagingError) -> Bool {
        try await withPicture(of: source) { (picture, _) throws(ImagingError) in try picture.isTransparentSomewhere() }
    }

    package func convert(
        _ source: ByteSource,
        _ conversion: ImageConversion
    ) async throws(ImagingError) -> [UInt8] {
        let quality = min(max(conversion.quality ?? VipsImaging.usualQuality, 1), 100)
        return try await withPicture(of: source, turns: true) { (picture, _) throws(ImagingError) in
            var result = try picture.upright().inSRGB()
            if let size = conversion.size, (size.width, size.height) != (result.width, result.height) {
                result = try result.resized(to: size)
            }
            if result.hasAlpha, conversion.background != nil || !conversion.format.canBeTransparent {
                result = try result.flattened(on: conversion.background ?? .white)
            }
            return try result.encoded(as: conversion.format, quality: quality)
        }
    }

    package func thumbnail(of source: ByteSource, maxEdge: Int) async throws(ImagingError) -> [UInt8] {
        try await withPicture(of: source, turns: true) { (picture, _) throws(ImagingError) in
            try picture.upright().inSRGB().shrunk(to: maxEdge).encoded(as: .webp, quality: VipsImaging.previewQuality)
        }
    }

    package func mask(
        of source: ByteSource,
        polarity: MaskPolarity,
        size: PixelSize?
    ) async throws(ImagingError) -> [UInt8] {
        try await withPicture(of: source, turns: true) { (picture, _) throws(ImagingError) in
            var mask = try picture.upright().inSRGB()
            switch polarity {
            case .alpha: break
            case .white, .black: mask = try mask.opacity()
            }
            if let size, (size.width, size.height) != (mask.width, mask.height) { mask = try mask.resized(to: size) }
            // Last, as resizing makes greys of its own along the edges.
            switch polarity {
            case .alpha: break
            case .white: mask = try mask.inBlackAndWhite().inverted()
            case .black: mask = try mask.inBlackAndWhite()
            }
            return try mask.encoded(as: .png, quality: VipsImaging.usualQuality)
        }
    }

    /// Inspects a picture, opens it and works on it, all on a thread of the pool.
    private func withPicture<Value: Sendable>(
        of source: ByteSource,
        isStrict: Bool = false,
        turns: Bool = false,
        _ work: @escaping @Sendable (borrowing VipsPicture, ImageFacts) throws(ImagingError) -> Value
    ) async throws(ImagingError) -> Value {
        try await pool.run { [self] () throws(ImagingError) in
            let facts = try source.inspected(limits)
            try VipsLibrary.start()
            let isTurned = turns && (facts.orientation ?? 1) != 1
            let loading = VipsPicture.Loading(format: facts.format, isSequential: !isTurned, isStrict: isStrict)
            switch source {
            case .bytes(let bytes):
                return try VipsPicture.withPicture(in: bytes.span, loading) { (picture) throws(ImagingError) in
                    try limited(picture, facts, work)
                }
            case .file(let path, _):
                return try VipsPicture.withPicture(at: path, loading) { (picture) throws(ImagingError) in
                    try limited(picture, facts, work)
                }
            }
        }
    }

    /// Works on a picture within the bounds of memory and time.
    private func limited<Value>(
        _ picture: borrowing VipsPicture,
        _ facts: ImageFacts,
        _ work: (borrowing VipsPicture, ImageFacts) throws(ImagingError) -> Value
    ) throws(ImagingError) -> Value {
        guard picture.decodedBytes <= maxDecodedBytes else {
            let defect = ImageDefect(.tooManyPixels(width: facts.width, height: facts.height))
            throw ImagingError(.unreadable(defect), "\(picture.decodedBytes) bytes when decoded")
        }
        picture.limitTime(to: timeLimit)
        let end = ContinuousClock.now + timeLimit
        do throws(ImagingError) {
            return try work(picture, facts)
        } catch {
            guard ContinuousClock.now >= end else { throw error }
            throw ImagingError(.tooSlow, "stopped after \(timeLimit): \(error.detail)")
        }
    }
}
