/// A small landscape, sky, sun and hills, in place of what a model would paint; equal inputs give equal bytes.
struct PlaceholderPicture {
    var prompt: String
    var seed: UInt64
    /// In pixels, each 1 or more.
    var size: (width: Int, height: Int)
    /// Whether there is no sky: what is behind shows through, and through the rings in part.
    var isTransparent = false

    /// The palette holds the sky's shades three times (plain, and under the two rings round the sun), the sun, and the
    /// shades of each hill.
    private static let skyShades = 64
    private static let rings = 2
    private static let hillCount = 4
    private static let hillShades = 12
    private static let sunIndex = skyShades * (rings + 1)

    /// The picture as a file; about 10 ns a pixel.
    func png() -> [UInt8] {
        var random = SplitMix64(state: seed ^ hash(of: prompt))
        let palette = makePalette(&random)
        let sun = Sun(size, &random)
        let hills = (0..<Self.hillCount).map { ridge($0, &random) }
        let highest = hills.map { $0.min() ?? 0 }
        let front = hills[Self.hillCount - 1].max() ?? 0

        var encoder = PNGEncoder(width: size.width, height: size.height, palette: palette)
        var row = [UInt8](repeating: 0, count: size.width)
        for y in 0..<size.height {
            let shade = y * Self.skyShades / size.height
            let hillShade = y * Self.hillShades / size.height
            func hillIndex(_ hill: Int) -> UInt8 { UInt8(Self.sunIndex + 1 + hill * Self.hillShades + hillShade) }
            if y >= front {
                fill(&row, 0..<size.width, with: hillIndex(Self.hillCount - 1))
                encoder.append(row)
                continue
            }
            fill(&row, 0..<size.width, with: UInt8(shade))
            for ring in (0...Self.rings).reversed() {
                let index = ring == 0 ? Self.sunIndex : shade + Self.skyShades * (Self.rings + 1 - ring)
                fill(&row, sun.columns(of: ring, at: y, within: size.width), with: UInt8(index))
            }
            for hill in 0..<Self.hillCount where y >= highest[hill] {
                let index = hillIndex(hill)
                for x in 0..<size.width where y >= hills[hill][x] { row[x] = index }
            }
            encoder.append(row)
        }
        return encoder.finish()
    }

    private func fill(_ row: inout [UInt8], _ columns: Range<Int>, with index: UInt8) {
        for x in columns { row[x] = index }
    }

    /// The height of one hill in each column, as the row where it begins; later hills are nearer and lower.
    private func ridge(_ hill: Int, _ random: inout SplitMix64) -> [Int] {
        let coarse = (0...4).map { _ in random.unit() }
        let fine = (0...12).map { _ in random.unit() }
        let base = 0.55 + 0.1 * Double(hill)
        return (0..<size.width).map { x in
            let place = Double(x) / Double(size.width)
            let level = base - 0.14 * smooth(coarse, place) - 0.04 * smooth(fine, place)
            return Int(level * Double(size.height))
        }
    }

    /// A curve through the knots, at `place` in 0..<1.
    private func smooth(_ knots: [Double], _ place: Double) -> Double {
        let scaled = place * Double(knots.count - 1)
        let knot = Int(scaled)
        let part = scaled - Double(knot)
        let weight = part * part * (3 - 2 * part)
        return knots[knot] * (1 - weight) + knots[knot + 1] * weight
    }

    private func makePalette(_ random: inout SplitMix64) -> [PNGEncoder.Color] {
        let hue = random.unit()
        let top = Shade(hue: hue, saturation: 0.55, value: 0.45)
        let bottom = Shade(hue: hue + 0.08 + 0.2 * random.unit(), saturation: 0.4, value: 0.98)
        let sun = Shade(hue: hue + 0.5, saturation: 0.15, value: 1)
        let sky = (0..<Self.skyShades).map { top.mixed(with: bottom, Double($0) / Double(Self.skyShades - 1)) }
        let glow = (1...Self.rings).flatMap { ring in sky.map { $0.mixed(with: sun, 0.16 * Double(ring)) } }
        let hills = (0..<Self.hillCount).flatMap { hill in
            let depth = Double(hill) / Double(Self.hillCount)
            let far = Shade(hue: hue + 0.04 * Double(hill), saturation: 0.45, value: 0.62 - 0.4 * depth)
            let near = Shade(hue: hue + 0.04 * Double(hill), saturation: 0.5, value: 0.5 - 0.36 * depth)
            return (0..<Self.hillShades).map { far.mixed(with: near, Double($0) / Double(Self.hillShades - 1)) }
        }
        var colors = (sky + glow + [sun] + hills).map(\.color)
        if isTransparent {
            for index in 0..<Self.sunIndex {
                colors[index].alpha = UInt8(255 * (index / Self.skyShades) / (Self.rings + 1))
            }
        }
        return colors
    }

    /// FNV-1a.
    private func hash(of text: String) -> UInt64 {
        text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    }
}

/// The sun and the rings round it.
private struct Sun {
    private let x: Double
    private let y: Double
    private let radius: Double

    init(_ size: (width: Int, height: Int), _ random: inout SplitMix64) {
        x = Double(size.width) * (0.2 + 0.6 * random.unit())
        y = Double(size.height) * (0.18 + 0.25 * random.unit())
        radius = Double(min(size.width, size.height)) * (0.07 + 0.07 * random.unit())
    }

    /// The columns that the disc (0) or a ring (1, 2) covers in a row.
    func columns(of ring: Int, at row: Int, within width: Int) -> Range<Int> {
        let reach = radius * (1 + 0.45 * Double(ring))
        let away = Double(row) - y
        guard away * away < reach * reach else { return 0..<0 }
        let half = (reach * reach - away * away).squareRoot()
        let start = Int(max(x - half, 0))
        return start..<max(start, min(Int(x + half), width))
    }
}

/// A colour in linear steps of red, green and blue, 0...1.
private struct Shade {
    private var red: Double
    private var green: Double
    private var blue: Double

    /// From hue (in turns, any number above 0), saturation and value, the last two 0...1.
    init(hue: Double, saturation: Double, value: Double) {
        func channel(_ shift: Double) -> Double {
            let turned = hue + shift
            let sixth = (turned - Double(Int(turned))) * 6
            let ramp = max(0, min(1, min(sixth, 4 - sixth)))
            return value * (1 - saturation * ramp)
        }
        red = channel(5.0 / 6)
        green = channel(3.0 / 6)
        blue = channel(1.0 / 6)
    }

    var color: PNGEncoder.Color {
        PNGEncoder.Color(red: UInt8(red * 255), green: UInt8(green * 255), blue: UInt8(blue * 255))
    }

    func mixed(with other: Shade, _ part: Double) -> Shade {
        var mixed = self
        mixed.red += (other.red - red) * part
        mixed.green += (other.green - green) * part
        mixed.blue += (other.blue - blue) * part
        return mixed
    }
}

/// The generator of Steele, Lea and Flood, 2014: fixed for ever, which the system's is not.
private struct SplitMix64 {
    var state: UInt64

    /// The next number in 0..<1.
    mutating func unit() -> Double {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        return Double(mixed >> 11) / Double(1 << 53 as UInt64)
    }
}
