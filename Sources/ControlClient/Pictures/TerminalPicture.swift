internal import CommandLineInterface
private import Glibc
internal import Imaging
internal import Orchestrator

/// Draws a picture on standard output.
struct TerminalPicture {
    private let picture: FetchedPicture
    private let way: PictureWay

    /// A cell of which the terminal does not tell the pixels is taken to be so large.
    private static let usualCell = (width: 8, height: 16)
    private static let mostColumns = 80
    private static let mostPixels = 1600

    init(_ picture: FetchedPicture, _ way: PictureWay) {
        self.picture = picture
        self.way = way
    }

    /// A picture that cannot be drawn is no failure: it is there all the same.
    func draw() {
        guard way != .none, let text = try? text() else { return }
        Console.write(text, to: STDOUT_FILENO)
    }

    /// Draws between two lines of progress.
    func drawEarly(_ progress: Progress) {
        guard way != .none else { return }
        progress.clear()
        draw()
    }

    /// What makes the terminal draw.
    func text() throws(ImagingError) -> [UInt8] {
        let size = Terminal.size
        let columns = min(size?.columns ?? Self.mostColumns, Self.mostColumns)
        let rows = max((size?.rows ?? 25) - 2, 4)
        let cell =
            size.map { size in
                size.width > 0 && size.height > 0
                    ? (width: max(size.width / size.columns, 1), height: max(size.height / size.rows, 1))
                    : Self.usualCell
            } ?? Self.usualCell
        switch way {
        case .none: return []
        case .blocks: return HalfBlocks(try grid(columns, rows * 2)).text
        case .sixel: return SixelImage(try grid(columns * cell.width, rows * cell.height)).text
        case .kitty:
            return KittyImage(
                png: try PixelSampler.png(of: picture.bytes, within: box(columns * cell.width, rows * cell.height))
            ).text
        case .iterm:
            return InlineImage(
                png: try PixelSampler.png(of: picture.bytes, within: box(columns * cell.width, rows * cell.height))
            ).text
        }
    }

    private func grid(_ width: Int, _ height: Int) throws(ImagingError) -> PixelGrid {
        try PixelSampler.grid(of: picture.bytes, within: box(width, height))
    }

    private func box(_ width: Int, _ height: Int) -> PixelSize {
        PixelSize(width: min(width, Self.mostPixels), height: min(height, Self.mostPixels)) ?? .usual
    }
}
