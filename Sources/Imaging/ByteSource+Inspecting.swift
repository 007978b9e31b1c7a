internal import Glibc
internal import Orchestrator

extension ByteSource {
    /// Walks the whole picture; blocks while a file is read.
    func inspected(_ limits: ImageLimits) throws(ImagingError) -> ImageFacts {
        var inspector = ImageInspector(limits: limits)
        let problem: String
        do throws(ImageDefect) {
            switch self {
            case .bytes(let bytes):
                try inspector.consume(bytes.span)
                return try inspector.finish()
            case .file(let path, _):
                guard let found = try ByteSource.read(path, into: &inspector) else { return try inspector.finish() }
                problem = found
            }
        } catch {
            throw ImagingError(.unreadable(error), error.description)
        }
        throw ImagingError(.storage, problem)
    }

    /// Feeds a file to an inspector; answers what the operating system objected to.
    private static func read(_ path: String, into inspector: inout ImageInspector) throws(ImageDefect) -> String? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "cannot open '\(path)': error \(errno)" }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { return nil }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return "cannot read '\(path)': error \(errno)" }
            try inspector.consume(buffer.span.extracting(0..<count))
        }
    }
}
