/// Chance that can be had again: what happens to one attempt depends on the seed and on which attempt it is, and on nothing
/// else. So the same call at the same model goes the same way under every policy, and policies differ by what they choose.
struct SimulatedChance: Sendable {
    private var state: UInt64

    init(seed: UInt64, request: Int, slot: Int, attempt: Int, model: ModelReference) {
        // Spread over all bits first: beside the small numbers of requests, neighbouring seeds would only swap them.
        state = seed
        state = next()
        for number in [request, slot, attempt] { mix(UInt64(bitPattern: Int64(number))) }
        for byte in "\(model)".utf8 { mix(UInt64(byte)) }
    }

    private mutating func mix(_ value: UInt64) {
        state = (state ^ value) &* 0x100_0000_01B3
        _ = next()
    }

    /// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    /// In `0..<1`.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// About normal, with mean 0 and variance 1: the sum of twelve uniform numbers less six, exact on every machine.
    mutating func normal() -> Double {
        var sum = -6.0
        for _ in 0..<12 { sum += unit() }
        return sum
    }
}
