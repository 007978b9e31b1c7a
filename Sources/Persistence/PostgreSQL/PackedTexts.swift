/// Byte strings laid one after the other, each with a zero behind it, as C wants to be pointed at them.
struct PackedTexts {
    private var bytes: [UInt8] = []
    /// Where each begins; -1 for none.
    private var starts: [Int] = []

    mutating func append(_ text: String) {
        starts.append(bytes.count)
        bytes.append(contentsOf: text.utf8)
        bytes.append(0)
    }

    mutating func append(_ content: [UInt8]) {
        starts.append(bytes.count)
        bytes.append(contentsOf: content)
        bytes.append(0)
    }

    mutating func appendNone() {
        starts.append(-1)
    }

    /// Calls `body` with a pointer to each, and a null pointer behind the last; they are good until it returns.
    func withPointers<Answer>(_ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Answer) -> Answer {
        let pointers = UnsafeMutablePointer<UnsafePointer<CChar>?>.allocate(capacity: starts.count + 1)
        defer { unsafe pointers.deallocate() }
        return unsafe bytes.withUnsafeBytes { content in
            let base = unsafe content.baseAddress?.assumingMemoryBound(to: CChar.self)
            for (index, start) in starts.enumerated() {
                unsafe (pointers + index).initialize(to: start < 0 ? nil : base.map { unsafe $0 + start })
            }
            unsafe (pointers + starts.count).initialize(to: nil)
            return unsafe body(UnsafePointer(pointers))
        }
    }
}
