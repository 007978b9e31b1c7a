internal import Orchestrator

extension ByteSource {
    /// Walks the whole picture; blocks while a file is read.
    func inspected(_ limits: ImageLimits) throws(ImagingError) -> ImageFacts {
        var inspector = ImageInspector(limits: limits)
        let problem: Int32
        do throws(ImageDefect) {
            let found = try forEachPiece { (piece) throws(ImageDefect) in try inspector.consume(piece) }
            guard let found else { return try inspector.finish() }
            problem = found
        } catch {
            throw ImagingError(.unreadable(error), error.description)
        }
        throw ImagingError(.storage, "cannot read \(self): error \(problem)")
    }
}
