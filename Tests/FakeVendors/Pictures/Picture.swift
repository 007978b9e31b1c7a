package import Orchestrator

/// A picture that a fake vendor made, kept so that tests can compare what the daemon stored.
package struct Picture: Sendable {
    package let bytes: [UInt8]

    /// Lower-case hexadecimal; computed on each call.
    package var sha256: String { SHA256.hex(bytes) }

    /// What its container says; nil for bytes that are no picture.
    package var facts: ImageFacts? { try? ImageInspector.facts(of: bytes) }
}

/// Draws real pictures of one colour, of any size, no two alike: every format here shrinks a plain area to nearly nothing.
package enum PictureMaker {
    /// A complete file.
    ///
    /// `number` decides the colour and is written into the file; `padding` adds so many bytes of metadata, for tests
    /// that need large files.
    package static func make(
        _ format: ImageFormat,
        width: Int,
        height: Int,
        number: Int,
        isTransparent: Bool = false,
        padding: Int = 0
    ) -> [UInt8] {
        let color = FlatColor(number: number, isTransparent: isTransparent)
        return switch format {
        case .png: flatPNG(width: width, height: height, color, note: "picture \(number)", padding: padding)
        case .jpeg: flatJPEG(width: width, height: height, color, note: "picture \(number)", padding: padding)
        case .webp: flatWebP(width: width, height: height, color, note: "picture \(number)", padding: padding)
        }
    }
}

/// The only colour of a picture.
struct FlatColor {
    var red: UInt8
    var green: UInt8
    var blue: UInt8
    /// Nil for pictures without an alpha channel.
    var alpha: UInt8?

    init(number: Int, isTransparent: Bool) {
        // An odd factor spreads neighbouring numbers over all colours without repeating one before 2²⁴.
        let mixed = (number &* 0x9E_3779) & 0xFF_FFFF
        red = UInt8(mixed >> 16)
        green = UInt8(mixed >> 8 & 0xFF)
        blue = UInt8(mixed & 0xFF)
        alpha = isTransparent ? 0x40 : nil
    }
}

extension ImageInspector {
    /// Inspects a whole file in memory.
    package static func facts(of bytes: [UInt8]) throws(ImageDefect) -> ImageFacts {
        var inspector = ImageInspector()
        try inspector.consume(bytes.span)
        return try inspector.finish()
    }
}

/// Writes integers into a file being made.
extension [UInt8] {
    mutating func appendBig32(_ value: Int) {
        append(contentsOf: [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) })
    }

    mutating func appendBig16(_ value: Int) {
        append(contentsOf: [8, 0].map { UInt8(truncatingIfNeeded: value >> $0) })
    }

    mutating func appendLittle32(_ value: Int) {
        append(contentsOf: [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: value >> $0) })
    }

    /// Bytes that look alike in no two places, so that a shifted or repeated piece is seen.
    static func pattern(_ count: Int) -> [UInt8] {
        var state: UInt32 = 1
        return (0..<count).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(state >> 24)
        }
    }
}
