internal import CVips
package import Orchestrator

/// Pixels of a picture as a grid, for what draws them itself.
package struct PixelGrid: Sendable, Equatable {
    package let width: Int
    package let height: Int
    /// Red, green and blue of each pixel, row by row.
    package let bytes: [UInt8]

    package init(width: Int, height: Int, bytes: [UInt8]) {
        precondition(bytes.count == width * height * 3)
        self.width = width
        self.height = height
        self.bytes = bytes
    }

    package subscript(x: Int, y: Int) -> PixelColor {
        let place = (y * width + x) * 3
        return PixelColor(red: bytes[place], green: bytes[place + 1], blue: bytes[place + 2])
    }
}

/// Decodes and shrinks pictures on the calling thread, for programs that have nothing else to do meanwhile.
package enum PixelSampler {
    private static let timeLimit = Duration.seconds(10)

    /// The picture's pixels, upright and opaque, within a box; small pictures are not enlarged.
    package static func grid(
        of bytes: [UInt8],
        within box: PixelSize,
        background: PixelColor = PixelColor(red: 0, green: 0, blue: 0)
    ) throws(ImagingError) -> PixelGrid {
        try withPicture(bytes) { (picture) throws(ImagingError) in
            var small = try picture.upright().inSRGB().shrunk(within: box)
            if small.hasAlpha { small = try small.flattened(on: background) }
            return PixelGrid(width: small.width, height: small.height, bytes: try small.colours())
        }
    }

    /// A PNG file of the picture within a box.
    package static func png(of bytes: [UInt8], within box: PixelSize) throws(ImagingError) -> [UInt8] {
        try withPicture(bytes) { (picture) throws(ImagingError) in
            try picture.upright().inSRGB().shrunk(within: box).encoded(as: .png, quality: 100)
        }
    }

    private static func withPicture<Value>(
        _ bytes: [UInt8],
        _ work: (borrowing VipsPicture) throws(ImagingError) -> Value
    ) throws(ImagingError) -> Value {
        let facts = try ByteSource.bytes(bytes).inspected(ImageLimits())
        try VipsLibrary.start()
        let loading = VipsPicture.Loading(format: facts.format, isSequential: false, isStrict: false)
        return try VipsPicture.withPicture(in: bytes.span, loading) { (picture) throws(ImagingError) in
            picture.limitTime(to: timeLimit)
            return try work(picture)
        }
    }
}
