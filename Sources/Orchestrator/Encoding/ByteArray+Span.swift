extension [UInt8] {
    /// Copies a span into an array of its own.
    package init(copying span: Span<UInt8>) {
        self = unsafe span.withUnsafeBufferPointer { buffer in unsafe Array(buffer) }
    }

    /// Appends the bytes of a span in one copy; the standard library has no such method yet.
    package mutating func append(_ span: Span<UInt8>) {
        unsafe span.withUnsafeBufferPointer { buffer in unsafe append(contentsOf: buffer) }
    }
}
