internal import COpenSSL

/// Numbers that nobody can guess, from OpenSSL's generator, which the kernel seeds.
package struct SecureRandom: RandomNumberGenerator, Sendable {
    package init() {}

    /// Traps when the system has no randomness: nothing that needs it could go on safely.
    package func bytes(_ count: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            let code = unsafe RAND_bytes(buffer.baseAddress, CInt(count))
            precondition(code == 1, "the system has no randomness")
            initialized = count
        }
    }

    package func next() -> UInt64 {
        var value: UInt64 = 0
        let code = unsafe withUnsafeMutableBytes(of: &value) { raw in
            unsafe RAND_bytes(raw.baseAddress?.assumingMemoryBound(to: UInt8.self), CInt(raw.count))
        }
        precondition(code == 1, "the system has no randomness")
        return value
    }

    func numbers(_ count: Int) -> [UInt64] {
        unsafe [UInt64](unsafeUninitializedCapacity: count) { buffer, initialized in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            let bytes = unsafe raw.baseAddress?.assumingMemoryBound(to: UInt8.self)
            precondition(unsafe RAND_bytes(bytes, CInt(raw.count)) == 1, "the system has no randomness")
            initialized = count
        }
    }

    /// What a `RecordID` is made with.
    package func pair() -> (UInt64, UInt64) { (next(), next()) }
}
