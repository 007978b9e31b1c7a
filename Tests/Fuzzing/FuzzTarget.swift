/// What is fuzzed: everything that reads bytes from outside. A run traps where a promise is broken.
///
/// `scripts/fuzz` feeds the targets from libFuzzer, `make test` from the corpus that it has left.
package enum FuzzTarget: String, CaseIterable, Sendable {
    case multipart, events, base64, picture, yaml, head, json

    /// Feeds one input; the first byte decides how the others are cut into pieces.
    package func run(_ input: [UInt8]) {
        guard let seed = input.first else { return }
        let bytes = Array(input.dropFirst())
        switch self {
        case .multipart: fuzzMultipart(bytes, seed)
        case .events: fuzzEvents(bytes, seed)
        case .base64: fuzzBase64(bytes, seed)
        case .picture: fuzzPicture(bytes, seed)
        case .yaml: fuzzYAML(bytes)
        case .head: fuzzHead(bytes, seed)
        case .json: fuzzJSON(bytes, seed)
        }
    }
}

/// Sizes of pieces that add up to a length; the same for the same seed.
struct Pieces: Sequence, IteratorProtocol {
    private var rest: Range<Int>
    private var state: UInt32

    init(of count: Int, seed: UInt8) {
        rest = 0..<count
        state = UInt32(seed)
    }

    mutating func next() -> Range<Int>? {
        guard !rest.isEmpty else { return nil }
        state = state &* 1_664_525 &+ 1_013_904_223
        // Mostly single bytes and short pieces: that is where states meet ends.
        let size = Swift.min(Int(state >> 24) % (state & 0x100 == 0 ? 4 : 40) + 1, rest.count)
        defer { rest = rest.lowerBound + size..<rest.upperBound }
        return rest.lowerBound..<rest.lowerBound + size
    }
}

/// Stops the process when a promise is broken, and says which.
func promise(_ holds: Bool, _ what: @autoclosure () -> String) {
    if !holds { fatalError("broken: \(what())") }
}
