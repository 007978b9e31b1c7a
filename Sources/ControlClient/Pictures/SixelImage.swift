internal import Imaging
internal import Orchestrator

/// A picture as sixels (DEC STD 070): strips six pixels high, each colour of a strip drawn by itself.
struct SixelImage {
    private let grid: PixelGrid

    /// Six steps of each of red, green and blue; terminals promise 256 colours at most.
    private static let steps = 6
    /// Thresholds of an ordered 4×4 dither (Bayer), in sixteenths.
    private static let dither = [0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5]

    init(_ grid: PixelGrid) { self.grid = grid }

    var text: [UInt8] {
        var text = Array("\u{1B}Pq\"1;1;\(grid.width);\(grid.height)".utf8)
        let indices = indices
        for colour in Set(indices).sorted() {
            let (red, green, blue) = Self.parts(colour)
            let percent = [red, green, blue].map { "\($0 * 100 / (Self.steps - 1))" }.joined(separator: ";")
            text += "#\(colour);2;\(percent)".utf8
        }
        for top in stride(from: 0, to: grid.height, by: 6) { write(strip: top, of: indices, into: &text) }
        return text + Array("\u{1B}\\\n".utf8)
    }

    /// Which colour each pixel takes.
    private var indices: [Int] {
        var indices: [Int] = []
        indices.reserveCapacity(grid.width * grid.height)
        for y in 0..<grid.height {
            for x in 0..<grid.width {
                let pixel = grid[x, y]
                let threshold = Self.dither[(y & 3) * 4 + (x & 3)]
                func step(_ value: UInt8) -> Int {
                    // Between two steps the threshold decides.
                    (Int(value) * (Self.steps - 1) * 16 + threshold * 255) / (255 * 16)
                }
                indices.append((step(pixel.red) * Self.steps + step(pixel.green)) * Self.steps + step(pixel.blue))
            }
        }
        return indices
    }

    private static func parts(_ colour: Int) -> (Int, Int, Int) {
        (colour / (steps * steps), colour / steps % steps, colour % steps)
    }

    private func write(strip top: Int, of indices: [Int], into text: inout [UInt8]) {
        let rows = min(6, grid.height - top)
        var masks: [Int: [UInt8]] = [:]
        for row in 0..<rows {
            for x in 0..<grid.width {
                masks[indices[(top + row) * grid.width + x], default: Array(repeating: 0, count: grid.width)][x] |=
                    1 << UInt8(row)
            }
        }
        for (place, colour) in masks.keys.sorted().enumerated() {
            if place > 0 { text.append(UInt8(ascii: "$")) }
            text += "#\(colour)".utf8
            Self.write(masks[colour] ?? [], into: &text)
        }
        text.append(UInt8(ascii: "-"))
    }

    /// Runs of four and more are told by their length.
    private static func write(_ masks: [UInt8], into text: inout [UInt8]) {
        var index = 0
        while index < masks.count {
            var end = index
            while end < masks.count, masks[end] == masks[index] { end += 1 }
            let character = masks[index] + 63
            if end - index > 3 {
                text += "!\(end - index)".utf8
            } else {
                text += Array(repeating: character, count: end - index - 1)
            }
            text.append(character)
            index = end
        }
    }
}
