/// Finds the size within bounds that is nearest in pixels to a wanted one, of a wanted ratio within a tolerance.
///
/// It begins at the width that would be right and goes outwards until no further width can be nearer, so that it looks at
/// few of the 65,535 widths there may be.
struct FreeSizeSearch {
    var size: PixelSize
    var ratio: AspectRatio
    var bounds: FreeSizes
    var tolerance: Double

    private typealias Found = (size: PixelSize, distance: Int)

    /// The nearest size, the narrower of two equally near ones; nil where there is none.
    var nearest: PixelSize? {
        guard let columns else { return nil }
        let ideal = (Double(size.area) / slope).squareRoot() / Double(bounds.multipleOf)
        let start = min(max(Int(ideal), columns.lowerBound), columns.upperBound)
        var best: Found?
        for column in start...columns.upperBound {
            // The smaller of the two heights looked at is no wider column's larger one.
            if let best, distance(of: pixels(column, rows(column))) > best.distance, isEnough(column) { break }
            take(column, &best) { $0 < $1 }
        }
        for column in (columns.lowerBound...start).dropLast().reversed() {
            let most = pixels(column, rows(column) + 1)
            if let best, most < size.area, distance(of: most) > best.distance { break }
            take(column, &best) { $0 <= $1 }
        }
        return best?.size
    }

    /// Height over width.
    private var slope: Double { Double(ratio.height) / Double(ratio.width) }

    /// The widths that can be within bounds, in steps; nil where none can.
    private var columns: ClosedRange<Int>? {
        let slack = 1 + 2 * tolerance
        let edge = Double(min(bounds.maxEdge, PixelSize.longestEdge))
        guard bounds.maxRatio == .max || max(slope, 1 / slope) <= Double(bounds.maxRatio) * slack else { return nil }
        let least = Double(bounds.minEdge)
        let low = max(least, least / slope / slack, (Double(bounds.minPixels) / slope).squareRoot() / slack, 1)
        let high = min(edge, edge / slope * slack, (Double(bounds.maxPixels) / slope).squareRoot() * slack)
        let step = Double(bounds.multipleOf)
        let (first, last) = (Int((low / step).rounded(.up)), Int((high / step).rounded(.down)))
        return first <= last ? first...last : nil
    }

    /// The height that is right for a width, both in steps, rounded down.
    private func rows(_ column: Int) -> Int { Int((Double(column) * slope).rounded(.down)) }

    private func pixels(_ column: Int, _ rows: Int) -> Int {
        column * rows * bounds.multipleOf * bounds.multipleOf
    }

    private func isEnough(_ column: Int) -> Bool { pixels(column, rows(column)) >= size.area }

    /// Missing pixels count double: enlarging shows, shrinking does not.
    private func distance(of area: Int) -> Int { area >= size.area ? area - size.area : 2 * (size.area - area) }

    /// Looks at the two heights nearest to the right one.
    private func take(_ column: Int, _ best: inout Found?, where isNearer: (Int, Int) -> Bool) {
        let step = bounds.multipleOf
        var own: Found?
        for rows in rows(column)...rows(column) + 1 {
            guard let found = PixelSize(width: column * step, height: rows * step), bounds.contains(found),
                found.ratio.deviation(of: ratio) <= tolerance
            else { continue }
            let distance = distance(of: found.area)
            if own.map({ distance < $0.distance }) ?? true { own = (found, distance) }
        }
        guard let own, best.map({ isNearer(own.distance, $0.distance) }) ?? true else { return }
        best = own
    }
}
