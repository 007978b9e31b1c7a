internal import Imaging
internal import Orchestrator

/// A picture as characters: each cell is a half block whose two colours are two pixels, one above the other.
struct HalfBlocks {
    private let grid: PixelGrid

    init(_ grid: PixelGrid) { self.grid = grid }

    var text: [UInt8] {
        var text: [UInt8] = []
        for top in stride(from: 0, to: grid.height, by: 2) {
            var last = ""
            for x in 0..<grid.width {
                let upper = grid[x, top]
                // An odd number of rows leaves the lower half of the last cells as the terminal has it.
                var colours = "\u{1B}[38;2;\(upper.red);\(upper.green);\(upper.blue)"
                if top + 1 < grid.height {
                    let lower = grid[x, top + 1]
                    colours += ";48;2;\(lower.red);\(lower.green);\(lower.blue)"
                }
                colours += "m"
                if colours != last { text += colours.utf8 }
                last = colours
                text += "▀".utf8
            }
            text += "\u{1B}[0m\n".utf8
        }
        return text
    }
}
