import Glibc
import Imaging
import Orchestrator

// imaging-bench OPERATION FILE REPEATS: works on the picture so often and prints the microseconds of each time.
// `imaging.py` runs it beside the `vips` command.

let words = CommandLine.arguments
guard words.count == 4, let repeats = Int(words[3]) else {
    print("usage: imaging-bench png-webp|png-jpeg|resample|thumbnail FILE REPEATS")
    exit(2)
}
let source = ByteSource.file(path: words[2], byteCount: 0)
let imaging = VipsImaging()
for _ in 0..<repeats {
    let start = ContinuousClock.now
    switch words[1] {
    case "png-webp": _ = try await imaging.convert(source, ImageConversion(.webp))
    case "png-jpeg": _ = try await imaging.convert(source, ImageConversion(.jpeg))
    case "resample":
        let size = PixelSize(width: 1024, height: 1024)
        _ = try await imaging.convert(source, ImageConversion(.png, size: size))
    case "thumbnail": _ = try await imaging.thumbnail(of: source, maxEdge: 512)
    default: exit(2)
    }
    let (seconds, attoseconds) = (ContinuousClock.now - start).components
    print(seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
}
