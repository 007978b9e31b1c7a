import Glibc

extension Array where Element == UInt8 {
    /// Where `needle` starts at or after `start`; memchr(3) finds candidates, as a loop over megabytes is slow in debug builds.
    package func firstIndex(of needle: [UInt8], from start: Int = 0) -> Int? {
        guard let first = needle.first else { return nil }
        return unsafe withUnsafeBytes { hay in
            unsafe needle.withUnsafeBytes { pin -> Int? in
                guard let base = hay.baseAddress, let wanted = pin.baseAddress else { return nil }
                var position = start
                while position + pin.count <= hay.count {
                    let room = hay.count - pin.count + 1 - position
                    guard let found = unsafe memchr(base + position, Int32(first), room) else { return nil }
                    position = unsafe UnsafeRawPointer(found) - base
                    if unsafe memcmp(base + position, wanted, pin.count) == 0 { return position }
                    position += 1
                }
                return nil
            }
        }
    }

    /// Whether `text` occurs anywhere.
    package func contains(_ text: String) -> Bool {
        firstIndex(of: Array(text.utf8)) != nil
    }
}
