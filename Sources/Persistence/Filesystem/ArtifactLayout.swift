/// Where pictures lie: `ROOT/ab/cd/abcd…`, so that no directory grows beyond what a file system finds quickly.
struct ArtifactLayout: Sendable {
    let root: String

    func path(of digest: String) -> String { directory(of: digest) + "/" + digest }

    func directory(of digest: String) -> String {
        parent(of: digest) + "/" + digest.utf8Text(2..<4)
    }

    func parent(of digest: String) -> String { root + "/" + digest.utf8Text(0..<2) }

    /// Whether a text is a digest as this program writes it; anything else must not become a path.
    static func isDigest(_ text: String) -> Bool {
        text.utf8.count == SHA256.byteCount * 2
            && text.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }
}

extension String {
    fileprivate func utf8Text(_ range: Range<Int>) -> Substring {
        self[utf8.index(startIndex, offsetBy: range.lowerBound)..<utf8.index(startIndex, offsetBy: range.upperBound)]
    }
}

/// Which of the 65,536 directories are there, and which have names that are not on the disk yet.
struct KnownDirectories {
    private let layout: ArtifactLayout
    private let disk: Disk
    private var present: Set<Substring> = []
    private var unsynced: Set<String> = []

    init(layout: ArtifactLayout, disk: Disk) {
        self.layout = layout
        self.disk = disk
    }

    /// Makes the directory of a digest unless it is there.
    mutating func require(_ digest: String) throws(SystemError) {
        guard !present.contains(digest.prefix(4)) else { return }
        if try disk.makeDirectory(layout.parent(of: digest)) { unsynced.insert(layout.root) }
        if try disk.makeDirectory(layout.directory(of: digest)) { unsynced.insert(layout.parent(of: digest)) }
        present.insert(Substring(String(digest.prefix(4))))
    }

    mutating func forget(_ digest: String) {
        present.remove(digest.prefix(4))
    }

    /// Says that a name in the digest's directory is new.
    mutating func touch(_ digest: String) {
        unsynced.insert(layout.directory(of: digest))
    }

    /// Brings every new name to the disk, outer directories first.
    mutating func sync() throws(SystemError) {
        for path in unsynced.sorted() { try disk.syncDirectory(path) }
        unsynced.removeAll(keepingCapacity: true)
    }
}
