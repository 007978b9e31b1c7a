internal import CVips
internal import Orchestrator

/// One libvips image: a pipeline that yields pixels only when something reads them; released by `deinit`.
@safe struct VipsPicture: ~Copyable {
    private let handle: OpaquePointer

    private init(_ handle: OpaquePointer) {
        unsafe self.handle = handle
    }

    deinit { unsafe cvips_release(handle) }

    /// Opens a picture in memory and works on it; libvips reads the bytes in place, so all that is made of the picture
    /// must end with the closure.
    static func withPicture<Value>(
        in bytes: Span<UInt8>,
        _ loading: Loading,
        _ work: (borrowing VipsPicture) throws(ImagingError) -> Value
    ) throws(ImagingError) -> Value {
        try unsafe bytes.withUnsafeBytes { (buffer) throws(ImagingError) in
            try work(
                unsafe make(unopened) { output in
                    unsafe cvips_load_buffer(
                        loading.format.code,
                        buffer.baseAddress,
                        buffer.count,
                        loading.isSequential ? 1 : 0,
                        loading.failsOnWarning ? 1 : 0,
                        output
                    )
                }
            )
        }
    }

    /// Opens a picture in a file, which must stay as it is while the closure works.
    static func withPicture<Value>(
        at path: String,
        _ loading: Loading,
        _ work: (borrowing VipsPicture) throws(ImagingError) -> Value
    ) throws(ImagingError) -> Value {
        try work(
            unsafe make(unopened) { output in
                unsafe cvips_load_file(
                    loading.format.code,
                    path,
                    loading.isSequential ? 1 : 0,
                    loading.failsOnWarning ? 1 : 0,
                    output
                )
            }
        )
    }

    /// Pixels across.
    var width: Int { unsafe Int(cvips_width(handle)) }
    /// Pixels down.
    var height: Int { unsafe Int(cvips_height(handle)) }
    /// What all pixels take in memory, decoded.
    var decodedBytes: UInt64 { unsafe UInt64(cvips_decoded_bytes(handle)) }

    /// Makes everything that is done with the picture fail once so much time has passed.
    func limitTime(to duration: Duration) {
        let (seconds, attoseconds) = duration.components
        unsafe cvips_limit_time(handle, seconds &* 1_000_000 &+ attoseconds / 1_000_000_000_000)
    }

    var hasAlpha: Bool { unsafe cvips_has_alpha(handle) != 0 }

    /// Decodes every pixel.
    func decode() throws(ImagingError) {
        var average = 0.0
        guard unsafe cvips_average(handle, &average) == 0 else { throw VipsPicture.damaged }
    }

    /// Whether some pixel is not opaque; decodes every pixel.
    func isTransparentSomewhere() throws(ImagingError) -> Bool {
        guard hasAlpha else { return false }
        let alpha = try alphaBand()
        let isDeep = unsafe cvips_is_deep(handle) != 0
        var minimum = 0.0
        guard unsafe cvips_minimum(alpha.handle, &minimum) == 0 else { throw VipsPicture.damaged }
        return minimum < (isDeep ? 65_535 : 255)
    }

    /// The picture turned as its Exif orientation says.
    func upright() throws(ImagingError) -> VipsPicture {
        try unsafe step { unsafe cvips_autorotate($0, $1) }
    }

    /// The picture in eight bits of sRGB, by its profile where that is sound.
    func inSRGB() throws(ImagingError) -> VipsPicture {
        if unsafe cvips_has_profile(handle) != 0,
            let converted = try? unsafe step({ unsafe cvips_profile_to_srgb($0, $1) })
        {
            return converted
        }
        return try unsafe step { unsafe cvips_to_srgb($0, $1) }
    }

    /// The picture stretched or shrunk to exactly these pixels.
    func resized(to size: PixelSize) throws(ImagingError) -> VipsPicture {
        try unsafe step { unsafe cvips_stretch($0, $1, Int32(size.width), Int32(size.height)) }
    }

    /// The picture within a square, its ratio kept, never enlarged.
    func shrunk(to edge: Int) throws(ImagingError) -> VipsPicture {
        try unsafe step { unsafe cvips_shrink($0, $1, Int32(edge), Int32(edge)) }
    }

    /// The picture within a box, its ratio kept, never enlarged.
    func shrunk(within box: PixelSize) throws(ImagingError) -> VipsPicture {
        try unsafe step { unsafe cvips_shrink($0, $1, Int32(box.width), Int32(box.height)) }
    }

    /// Red, green and blue of each pixel, row by row; the picture must be in eight bits of sRGB without opacity.
    func colours() throws(ImagingError) -> [UInt8] {
        var length = 0
        guard unsafe cvips_bands(handle) == 3, let data = unsafe cvips_pixels(handle, &length)
        else {
            throw VipsPicture.damaged
        }
        defer { unsafe cvips_free(data) }
        return unsafe Array(UnsafeRawBufferPointer(start: data, count: length))
    }

    /// The picture in front of a colour.
    func flattened(on colour: PixelColor) throws(ImagingError) -> VipsPicture {
        try unsafe step { unsafe cvips_flatten($0, $1, Double(colour.red), Double(colour.green), Double(colour.blue)) }
    }

    /// The opacity as a grey picture; all white for a picture without.
    func opacity() throws(ImagingError) -> VipsPicture {
        guard hasAlpha else { return try unsafe step { unsafe cvips_constant($0, $1, 255) } }
        return try unsafe alphaBand().step { unsafe cvips_as_grey($0, $1) }
    }

    /// Black below half, white from there on: what a vendor takes for a mask has no greys.
    func inBlackAndWhite() throws(ImagingError) -> VipsPicture {
        try unsafe step { unsafe cvips_threshold($0, $1, 128) }
    }

    /// The negative.
    func inverted() throws(ImagingError) -> VipsPicture {
        try unsafe step { unsafe cvips_invert($0, $1) }
    }

    /// A file of the picture; reads every pixel.
    func encoded(as format: ImageFormat, quality: Int) throws(ImagingError) -> [UInt8] {
        var data: UnsafeMutableRawPointer?
        var length = 0
        guard unsafe cvips_save(handle, format.code, Int32(quality), &data, &length) == 0, let data = unsafe data else {
            // Reading and writing are one pass, so the fault may lie on either side.
            throw ImagingError(.unwritable, VipsLibrary.takeError())
        }
        defer { unsafe cvips_free(data) }
        return unsafe Array(UnsafeRawBufferPointer(start: data, count: length))
    }

    private func alphaBand() throws(ImagingError) -> VipsPicture {
        let last = unsafe cvips_bands(handle) - 1
        return try unsafe step { unsafe cvips_band($0, $1, last) }
    }

    private static var unopened: ImagingError.Kind { .unreadable(ImageDefect(.corrupt("it cannot be opened"))) }

    private static var damaged: ImagingError {
        ImagingError(.unreadable(ImageDefect(.corrupt("its pixels cannot be decoded"))), VipsLibrary.takeError())
    }

    private typealias Output = UnsafeMutablePointer<OpaquePointer?>

    private func step(
        _ operation: (OpaquePointer, Output) -> Int32
    ) throws(ImagingError) -> VipsPicture {
        let input = unsafe handle
        return try unsafe VipsPicture.make(.unwritable) { output in unsafe operation(input, output) }
    }

    private static func make(
        _ kind: ImagingError.Kind,
        _ operation: (Output) -> Int32
    ) throws(ImagingError) -> VipsPicture {
        var made: OpaquePointer?
        guard unsafe operation(&made) == 0, let made = unsafe made else {
            throw ImagingError(kind, VipsLibrary.takeError())
        }
        return unsafe VipsPicture(made)
    }
}

extension VipsPicture {
    /// How a file is opened.
    struct Loading {
        let format: ImageFormat
        /// Reads rows once, from the top: little memory, but the picture cannot be turned.
        let isSequential: Bool
        /// Whether odd but readable data are refused.
        let isStrict: Bool

        /// libjpeg knows hardly any errors: missing data are a warning to it. The warnings of libpng are about metadata.
        fileprivate var failsOnWarning: Bool { isStrict && format == .jpeg }
    }
}

extension ImageFormat {
    fileprivate var code: cvips_format {
        switch self {
        case .png: CVIPS_PNG
        case .jpeg: CVIPS_JPEG
        case .webp: CVIPS_WEBP
        }
    }
}
