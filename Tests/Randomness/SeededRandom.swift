/// The same seed gives the same numbers in every run, so that a failure can be seen again.
///
/// The generator is SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
package struct SeededRandom: RandomNumberGenerator, Sendable {
    private static let step: UInt64 = 0x9E37_79B9_7F4A_7C15

    private var state: UInt64

    package init(seed: some BinaryInteger) {
        state = UInt64(truncatingIfNeeded: seed) &* Self.step &+ 1
    }

    package mutating func next() -> UInt64 {
        state &+= Self.step
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    /// Whether something happens that does `times` of a hundred.
    package mutating func happens(_ times: Int) -> Bool { Int.random(in: 0..<100, using: &self) < times }
}
