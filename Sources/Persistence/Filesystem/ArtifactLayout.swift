import Glibc

/// Where pictures lie: `ROOT/ab/abcd…`. In 256 directories ten million pictures are 40,000 names each, which file systems
/// find quickly; a second level would cost nearly every new picture the making and syncing of a directory.
struct ArtifactLayout: Sendable {
    let root: String

    func path(of digest: String) -> String { root + "/" + Self.prefix(of: digest) + "/" + digest }

    /// The name of a digest's directory.
    static func prefix(of digest: String) -> Substring { digest.prefix(2) }

    /// Whether a text is a digest as this program writes it; anything else must not become a path.
    static func isDigest(_ text: String) -> Bool {
        text.utf8.count == SHA256.byteCount * 2
            && text.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }
}

/// The 256 directories: which are there, and which have names that are not on the disk yet.
///
/// Each stays open, so that bringing it to the disk is one system call.
final class KnownDirectories {
    private let layout: ArtifactLayout
    private let disk: Disk
    /// By the digits that the digests in it begin with.
    private var descriptors: [Substring: CInt] = [:]
    private var unsynced: Set<Substring> = []
    private var isRootUnsynced = false

    init(layout: ArtifactLayout, disk: Disk) {
        self.layout = layout
        self.disk = disk
    }

    deinit {
        for descriptor in descriptors.values { close(descriptor) }
    }

    /// Makes the directory of a digest unless it is there.
    func require(_ digest: String) throws(SystemError) {
        _ = try descriptor(ArtifactLayout.prefix(of: digest))
    }

    func forget(_ digest: String) {
        if let descriptor = descriptors.removeValue(forKey: ArtifactLayout.prefix(of: digest)) { close(descriptor) }
    }

    /// Says that a name in the digest's directory is new.
    func touch(_ digest: String) {
        unsynced.insert(ArtifactLayout.prefix(of: digest))
    }

    /// Brings every new name to the disk, outer directories first.
    func sync() throws(SystemError) {
        if isRootUnsynced {
            let root = try disk.openDirectory(layout.root)
            defer { close(root) }
            try disk.syncDirectory(root)
            isRootUnsynced = false
        }
        for prefix in unsynced { try disk.syncDirectory(try descriptor(prefix)) }
        unsynced.removeAll(keepingCapacity: true)
    }

    private func descriptor(_ prefix: Substring) throws(SystemError) -> CInt {
        if let descriptor = descriptors[prefix] { return descriptor }
        let path = layout.root + "/" + prefix
        if try disk.makeDirectory(path) { isRootUnsynced = true }
        let descriptor = try disk.openDirectory(path)
        // A copy: a part of a digest would keep the whole.
        descriptors[Substring(String(prefix))] = descriptor
        return descriptor
    }
}
