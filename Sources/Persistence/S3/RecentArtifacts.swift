internal import Orchestrator

/// Pictures that were just stored or fetched, still at hand here: most are asked for once more within a minute.
///
/// In temporary files, and in memory only as far as they were staged there.
struct RecentArtifacts {
    private struct Entry {
        var bytes: HeldBytes
        /// Of `uses` when it was last asked for.
        var use: Int
    }

    private static let countLimit = 512
    private static let memoryLimit: Int64 = 32 << 20
    private static let diskLimit: Int64 = 256 << 20

    private var entries: [String: Entry] = [:]
    private var uses = 0
    private var memory: Int64 = 0
    private var disk: Int64 = 0

    mutating func find(_ digest: String) -> HeldBytes? {
        uses += 1
        entries[digest]?.use = uses
        return entries[digest]?.bytes
    }

    /// Takes one in, and gives those back that had to go for it: to be let go outside of any lock.
    mutating func insert(_ digest: String, _ bytes: HeldBytes) -> [HeldBytes] {
        var gone = [remove(digest)].compactMap { $0 }
        uses += 1
        entries[digest] = Entry(bytes: bytes, use: uses)
        count(bytes, 1)
        while entries.count > Self.countLimit || memory > Self.memoryLimit || disk > Self.diskLimit {
            guard let oldest = entries.min(by: { $0.value.use < $1.value.use })?.key, let entry = remove(oldest) else {
                break
            }
            gone.append(entry)
        }
        return gone
    }

    mutating func remove(_ digest: String) -> HeldBytes? {
        guard let entry = entries.removeValue(forKey: digest) else { return nil }
        count(entry.bytes, -1)
        return entry.bytes
    }

    private mutating func count(_ bytes: HeldBytes, _ sign: Int64) {
        switch bytes.source {
        case .bytes: memory += sign * bytes.source.byteCount
        case .file: disk += sign * bytes.source.byteCount
        }
    }
}
