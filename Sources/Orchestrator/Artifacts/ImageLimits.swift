/// How large a picture may be before it is refused by its header alone.
package struct ImageLimits: Sendable, Hashable {
    /// Width times height.
    package var maxPixels: Int
    /// How many bytes may follow the end of the picture; cameras and editors leave some, and phones whole videos.
    package var maxTrailingBytes: Int64

    /// Sets the limits; a picture of 100 million pixels takes 400 MB when decoded.
    package init(maxPixels: Int = 100_000_000, maxTrailingBytes: Int64 = 64 << 10) {
        self.maxPixels = maxPixels
        self.maxTrailingBytes = maxTrailingBytes
    }
}
