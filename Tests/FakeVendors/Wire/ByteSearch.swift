import Glibc

extension Array where Element == UInt8 {
    /// Where `needle` starts at or after `start`; memmem(3), as a Swift loop over megabytes is slow in debug builds.
    package func firstIndex(of needle: [UInt8], from start: Int = 0) -> Int? {
        guard start <= count, !needle.isEmpty else { return nil }
        return unsafe withUnsafeBytes { hay -> Int? in
            unsafe needle.withUnsafeBytes { pin -> Int? in
                guard let base = hay.baseAddress, let pinBase = pin.baseAddress,
                    let found = unsafe memmem(base + start, hay.count - start, pinBase, pin.count)
                else { return nil }
                return unsafe UnsafeRawPointer(found) - base
            }
        }
    }

    /// Whether `text` occurs anywhere.
    package func contains(_ text: String) -> Bool {
        firstIndex(of: Array(text.utf8)) != nil
    }
}
