import Glibc

extension ByteSource {
    /// All bytes at once; nil when a file cannot be read whole. Blocks, so it belongs on a thread that may.
    package func contents() -> [UInt8]? {
        guard case .file(let path, let byteCount) = self else {
            if case .bytes(let bytes) = self { return bytes }
            return nil
        }
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let count = Int(byteCount)
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let rest = unsafe UnsafeMutableBufferPointer(rebasing: buffer[filled..<count])
                let got = unsafe read(descriptor, rest.baseAddress, rest.count)
                if got < 0, errno == EINTR { continue }
                if got <= 0 { return }
                filled += got
            }
        }
        return bytes.count == count ? bytes : nil
    }
}

extension ByteSource {
    /// Hands all bytes to `body`, a file in pieces of at most `size`. Blocks, so it belongs on a thread that may.
    ///
    /// Returns nil, or the number of the operating system's error when the file cannot be read to its end.
    package func forEachPiece<Failure: Error>(
        of size: Int = 64 << 10,
        _ body: (Span<UInt8>) throws(Failure) -> Void
    ) throws(Failure) -> Int32? {
        guard case .file(let path, _) = self else {
            if case .bytes(let bytes) = self { try body(bytes.span) }
            return nil
        }
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: size)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { return nil }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return errno }
            try body(buffer.span.extracting(0..<count))
        }
    }
}
