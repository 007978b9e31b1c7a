@testable import Orchestrator

/// A picture as text, which the storage and the imaging of these tests understand: `png 64x64 alpha #1`.
struct ScriptedPicture: Sendable, Hashable {
    var format = ImageFormat.png
    var size = PixelSize(width: 64, height: 64) ?? .usual
    var hasAlpha = false
    /// Makes otherwise equal pictures different.
    var number = 0
    var hasC2PA = false

    init() {}

    init?(_ bytes: [UInt8]) {
        let words = String(decoding: bytes, as: UTF8.self).split(separator: " ")
        guard words.count == 4 || words.count == 5, let format = ImageFormat(name: words[0]),
            let size = PixelSize(words[1]),
            let number = Int(words[3].dropFirst())
        else { return nil }
        (self.format, self.size, self.hasAlpha, self.number) = (format, size, words[2] == "alpha", number)
        hasC2PA = words.last == "c2pa"
    }

    var bytes: [UInt8] {
        Array("\(format.rawValue) \(size) \(hasAlpha ? "alpha" : "opaque") #\(number)\(hasC2PA ? " c2pa" : "")".utf8)
    }
}
