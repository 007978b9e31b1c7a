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
