extension Span<UInt8> {
    /// The index, from `start`, of the first byte that is one or the other, or `count`; looks at eight bytes at a time.
    package func index(of one: UInt8, or other: UInt8, from start: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let raw = unsafe bytes
        var index = start
        while index &+ 8 <= count {
            let word = unsafe raw.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian
            // A zero byte in either difference is a hit; false hits can only stand above a true one.
            let first = word ^ (ones &* UInt64(one))
            let second = word ^ (ones &* UInt64(other))
            let hits = ((first &- ones) & ~first | (second &- ones) & ~second) & 0x8080_8080_8080_8080
            if hits != 0 { return index &+ hits.trailingZeroBitCount / 8 }
            index &+= 8
        }
        while index < count, self[index] != one, self[index] != other { index &+= 1 }
        return index
    }
}

extension Span<UInt8> {
    /// The first place at which `pattern` stands; for texts of some kilobytes.
    package func range(of pattern: [UInt8], from start: Int = 0) -> Range<Int>? {
        guard let first = pattern.first else { return nil }
        var index = index(of: first, or: first, from: start)
        while index + pattern.count <= count {
            if pattern.indices.allSatisfy({ self[index + $0] == pattern[$0] }) { return index..<index + pattern.count }
            index = self.index(of: first, or: first, from: index + 1)
        }
        return nil
    }

    /// The last place at which `pattern` stands.
    package func lastRange(of pattern: [UInt8]) -> Range<Int>? {
        var last: Range<Int>?
        while let next = range(of: pattern, from: (last?.lowerBound ?? -1) + 1) { last = next }
        return last
    }
}
