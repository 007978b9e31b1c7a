import Orchestrator

/// The gallery worker's name for a picture: `art/`, the time with `-` for `:` and `.`, and the true extension.
struct GalleryKey: CustomStringConvertible {
    /// The name under which the newest picture is found; those who ask for it are told the true type in the answer.
    static let latest = "art/latest.jpg"

    private let entry: GalleryEntry

    init(_ entry: GalleryEntry) {
        self.entry = entry
    }

    var description: String { "art/\(Self.name(entry.time)).\(entry.image.format.fileExtension)" }

    /// A time as keys and cursors write it: `2025-11-11T10-30-00-000Z`.
    static func name(_ time: Timestamp) -> String {
        time.description.replacing(with: "-") { $0 == ":" || $0 == "." }
    }

    /// Reads what `name` wrote; nil for every other text.
    static func time(_ name: some StringProtocol) -> Timestamp? {
        var bytes = Array(name.utf8)
        guard bytes.count == 24 else { return nil }
        bytes[13] = UInt8(ascii: ":")
        bytes[16] = UInt8(ascii: ":")
        bytes[19] = UInt8(ascii: ".")
        guard let time = Timestamp(String(decoding: bytes, as: UTF8.self)), Self.name(time) == name else { return nil }
        return time
    }

    /// Whether a file's name is `latest` with any one extension.
    static func isLatest(_ file: String) -> Bool {
        let parts = file.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 2 && parts[0] == "latest" && !parts[1].isEmpty
    }
}

extension String {
    fileprivate func replacing(with character: Character, where matches: (Character) -> Bool) -> String {
        String(map { matches($0) ? character : $0 })
    }
}
