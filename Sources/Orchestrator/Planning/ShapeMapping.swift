/// Finds the shape that a model is asked for when a caller names a size or a ratio.
struct ShapeMapping {
    var range: ShapeRange
    var fidelity: Fidelity

    /// How far a size may be from a model's ratio and still be drawn at it: the vendors' own pixel sizes differ by so
    /// much from the ratios they are named after (1216x832 is called 3:2).
    private static let ratioTolerance = 0.03
    /// How far two sizes' ratios may differ and still be resampled into each other without visible distortion.
    static let resampleTolerance = 0.01
    /// Pixels of a picture for which only a ratio was named, where the model takes free sizes.
    private static let usualArea = 1024.0 * 1024.0

    /// The shape to ask for, and the size that decides the price.
    func shape(size: PixelSize?, ratio: AspectRatio?) throws(Mismatch) -> (Shape, PixelSize?) {
        if let size { return try shape(for: size) }
        if let ratio { return try shape(for: ratio) }
        if case .sizes(let sizes) = range, sizes.count == 1 { return (.size(sizes[0]), sizes[0]) }
        return (.automatic, nil)
    }

    private func shape(for size: PixelSize) throws(Mismatch) -> (Shape, PixelSize?) {
        switch range {
        case .any: return (.size(size), size)
        case .sizes(let sizes) where sizes.contains(size): return (.size(size), size)
        case .free(let bounds) where bounds.contains(size): return (.size(size), size)
        case .sizes, .free, .ratios: break
        }
        guard fidelity != .strict else {
            throw Mismatch(.size, "does not draw \(size) natively, and fidelity is strict")
        }
        let near: PixelSize?
        switch range {
        case .any: near = size
        case .sizes(let sizes):
            near = nearest(
                to: size,
                among: sizes.filter { $0.ratio.deviation(of: size.ratio) <= Self.resampleTolerance }
            )
        case .free(let bounds): near = nearest(to: size, within: bounds, tolerance: Self.resampleTolerance)
        case .ratios(let ratios):
            guard let ratio = closest(to: size.ratio, among: ratios, tolerance: Self.ratioTolerance) else {
                throw Mismatch(.size, "has no ratio near \(size)")
            }
            return (.ratio(ratio), nil)
        }
        guard let near else { throw Mismatch(.size, "draws no size of the ratio of \(size)") }
        return (.size(near), near)
    }

    private func shape(for ratio: AspectRatio) throws(Mismatch) -> (Shape, PixelSize?) {
        let tolerance = fidelity == .strict ? 0.001 : Self.resampleTolerance
        switch range {
        case .any: return (.ratio(ratio), nil)
        case .ratios(let ratios):
            guard let found = closest(to: ratio, among: ratios, tolerance: tolerance) else {
                throw Mismatch(.aspectRatio, "does not draw \(ratio)")
            }
            return (.ratio(found), nil)
        case .sizes(let sizes):
            guard let found = sizes.first(where: { $0.ratio.deviation(of: ratio) <= tolerance }) else {
                throw Mismatch(.aspectRatio, "draws no size of \(ratio)")
            }
            return (.size(found), found)
        case .free(let bounds):
            let width = (Self.usualArea * Double(ratio.width) / Double(ratio.height)).squareRoot()
            let height = Self.usualArea / width
            guard let usual = PixelSize(width: Int(width.rounded()), height: Int(height.rounded())),
                let found = nearest(to: usual, ratio, within: bounds, tolerance: tolerance)
            else { throw Mismatch(.aspectRatio, "draws no size of \(ratio)") }
            return (.size(found), found)
        }
    }

    private func closest(to ratio: AspectRatio, among ratios: [AspectRatio], tolerance: Double) -> AspectRatio? {
        ratios.map { ($0, $0.deviation(of: ratio)) }.filter { $0.1 <= tolerance }.min { $0.1 < $1.1 }?.0
    }

    /// The smallest size that has at least the asked pixels, so that resampling shrinks; else the largest.
    private func nearest(to size: PixelSize, among sizes: [PixelSize]) -> PixelSize? {
        sizes.filter { $0.area >= size.area }.min { $0.area < $1.area } ?? sizes.max { $0.area < $1.area }
    }

    private func nearest(
        to size: PixelSize,
        _ ratio: AspectRatio? = nil,
        within bounds: FreeSizes,
        tolerance: Double
    ) -> PixelSize? {
        FreeSizeSearch(size: size, ratio: ratio ?? size.ratio, bounds: bounds, tolerance: tolerance).nearest
    }
}
