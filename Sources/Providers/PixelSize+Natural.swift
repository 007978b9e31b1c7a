import Orchestrator

extension PixelSize {
    /// A size of about `area` pixels in a ratio, both edges multiples of `step`; of those near the area the one that
    /// keeps the ratio best, and of equals the one nearest to the area.
    static func natural(_ ratio: AspectRatio, area: Int = 1024 * 1024, step: Int = 16) -> PixelSize? {
        let target = (Double(area) * Double(ratio.width) / Double(ratio.height)).squareRoot()
        let around = Int(target / Double(step))
        // A third of an edge either way: wide enough for an exact fit of every usual ratio.
        let reach = max(1, around / 3)
        var best: (size: PixelSize, deviation: Double, distance: Int)?
        for columns in max(1, around - reach)...(around + reach) {
            let rows = (Double(columns) * Double(ratio.height) / Double(ratio.width)).rounded()
            guard let size = PixelSize(width: columns * step, height: Int(max(1, rows)) * step) else { continue }
            let candidate = (size, size.ratio.deviation(of: ratio), abs(size.area - area))
            if let found = best, (found.deviation, found.distance) <= (candidate.1, candidate.2) { continue }
            best = candidate
        }
        return best?.size
    }
}
