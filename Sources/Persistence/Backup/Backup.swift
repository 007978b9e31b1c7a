internal import Glibc
package import Orchestrator

/// All that a data directory holds, as one file: a tar archive of the closed database, the secrets and the pictures.
///
/// Nobody else may have the directory open meanwhile; both operations hold its lock, and block on the disk.
package struct Backup: Sendable {
    /// What was written or read.
    package struct Summary: Sendable, Hashable {
        package var pictures = 0
        package var bytes: Int64 = 0
        /// Pictures that the record names and the directory does not have: those in a bucket.
        package var elsewhere = 0
    }

    private static let database = "orchestrator.sqlite"
    private static let secrets = ["session.secret", "admin.key"]
    private static let artifacts = "artifacts"
    private static let pieceSize = 1 << 20

    private let directory: String
    private let disk = Disk()

    package init(directory: String) {
        self.directory = directory
    }

    private func path(_ name: String) -> String { directory + "/" + name }

    // MARK: - Writing

    /// Writes the archive, which must not exist yet; nothing is left of one that was not finished.
    package func write(to file: String) throws(StoreError) -> Summary {
        guard disk.byteCount(of: path(Self.database)) != nil else {
            throw .unavailable("there is no database in '\(directory)'; name its directory by --data-dir")
        }
        let lock = try DirectoryLock(path: path("orchestrator.lock"))
        let named: Set<String>
        do throws(DatabaseError) {
            let connection = try Connection(path: path(Self.database), access: .readWrite)
            named = Set(try connection.statement("SELECT DISTINCT digest FROM images").all { $0.text(0) })
            try connection.checkpoint(emptying: true)
        } catch {
            throw error.storeError
        }
        defer { withExtendedLifetime(lock) {} }
        let partial = file + ".partial"
        do throws(SystemError) {
            try disk.remove(partial)
            let target = try disk.create(partial)
            defer { close(target) }
            var summary = Summary()
            for name in [Self.database] + Self.secrets where disk.byteCount(of: path(name)) != nil {
                summary.bytes += try append(name, to: target)
            }
            var found: Set<String> = []
            for prefix in disk.names(in: path(Self.artifacts)).sorted() where prefix.utf8.count == 2 {
                for digest in disk.names(in: path("\(Self.artifacts)/\(prefix)")).sorted()
                where ArtifactLayout.isDigest(digest) {
                    summary.bytes += try append("\(Self.artifacts)/\(prefix)/\(digest)", to: target)
                    summary.pictures += 1
                    found.insert(digest)
                }
            }
            summary.elsewhere = named.subtracting(found).count
            try disk.write(TarHeader.end, to: target)
            try disk.sync(target)
            try disk.link(partial, as: file)
            try disk.remove(partial)
            return summary
        } catch {
            try? disk.remove(partial)
            throw .unavailable("cannot write '\(file)': \(error)")
        }
    }

    private func append(_ name: String, to target: CInt) throws(SystemError) -> Int64 {
        let source = unsafe open(path(name), O_RDONLY | O_CLOEXEC)
        guard source >= 0 else { throw SystemError(operation: "open of '\(name)'", code: errno) }
        defer { close(source) }
        let header = TarHeader(name: name, byteCount: disk.byteCount(of: path(name)) ?? 0)
        try disk.write(header.block, to: target)
        var hash = SHA256()
        try copy(header.byteCount, from: source, to: target, &hash)
        try disk.write(header.padding, to: target)
        return header.byteCount
    }

    // MARK: - Reading

    /// Makes of the archive a data directory, which must not have a database; that comes last, so that a directory which
    /// was not finished is none.
    package func restore(from file: String) throws(StoreError) -> Summary {
        guard disk.byteCount(of: path(Self.database)) == nil else {
            throw .conflict("there is a database in '\(directory)' already; restore into another directory")
        }
        do throws(SystemError) {
            try disk.makeDirectory(directory)
            try disk.makeDirectory(path(Self.artifacts))
        } catch {
            throw .unavailable("cannot make '\(directory)': \(error)")
        }
        let lock = try DirectoryLock(path: path("orchestrator.lock"))
        defer { withExtendedLifetime(lock) {} }
        let source = unsafe open(file, O_RDONLY | O_CLOEXEC)
        guard source >= 0 else { throw .unavailable("cannot open '\(file)': \(SystemError.text(errno))") }
        defer { close(source) }
        let restored = path(Self.database + ".restored")
        var summary = Summary()
        var hasDatabase = false
        while let header = try nextHeader(source, file) {
            if header.name == Self.database { hasDatabase = true }
            summary.pictures += try take(header, from: source, restored, file) ? 1 : 0
            summary.bytes += header.byteCount
        }
        guard hasDatabase else { throw .corrupt("'\(file)' has no database") }
        try check(restored)
        do throws(SystemError) {
            try disk.rename(restored, to: path(Self.database))
            for name in [Self.artifacts, ""] {
                let descriptor = try disk.openDirectory(path(name))
                defer { close(descriptor) }
                try disk.syncDirectory(descriptor)
            }
        } catch {
            throw .unavailable("cannot restore '\(directory)': \(error)")
        }
        return summary
    }

    /// The next file's header; nil at the end of the archive.
    private func nextHeader(_ source: CInt, _ file: String) throws(StoreError) -> TarHeader? {
        let block: [UInt8]
        do throws(SystemError) {
            block = try read(TarHeader.blockSize, from: source)
        } catch {
            throw .unavailable("cannot read '\(file)': \(error)")
        }
        if block.count == TarHeader.blockSize, block.allSatisfy({ $0 == 0 }) { return nil }
        guard let header = TarHeader(block: block) else {
            throw .corrupt("'\(file)' is no whole backup: it breaks off, or something else wrote it")
        }
        return header
    }

    /// Puts one file into its place; true for a picture. A name from outside never becomes a path but by these rules.
    private func take(_ header: TarHeader, from source: CInt, _ database: String, _ file: String) throws(StoreError)
        -> Bool
    {
        let parts = header.name.split(separator: "/", omittingEmptySubsequences: false)
        var (target, digest) = (path(header.name), String?.none)
        switch parts.count {
        case 1 where header.name == Self.database: target = database
        case 1 where Self.secrets.contains(header.name): break
        case 3
        where parts[0] == Self.artifacts && ArtifactLayout.isDigest(String(parts[2]))
            && parts[1] == ArtifactLayout.prefix(of: String(parts[2])):
            digest = String(parts[2])
        default: throw .corrupt("'\(file)' holds '\(header.name)', which is no part of a backup")
        }
        var hash = SHA256()
        do throws(SystemError) {
            if let digest {
                try disk.makeDirectory(path("\(Self.artifacts)/\(ArtifactLayout.prefix(of: digest))"))
            }
            try disk.remove(target)
            let descriptor = try disk.create(target)
            defer { close(descriptor) }
            try copy(header.byteCount, from: source, to: descriptor, &hash)
            try disk.sync(descriptor)
            _ = try read(header.padding.count, from: source)
        } catch {
            throw .unavailable("cannot restore '\(header.name)': \(error)")
        }
        if let digest {
            guard Hex.text(hash.finish()) == digest else {
                throw .corrupt("'\(file)' is damaged: the picture '\(digest)' is another one")
            }
        }
        return digest != nil
    }

    private func check(_ database: String) throws(StoreError) {
        do throws(DatabaseError) {
            let connection = try Connection(path: database, access: .readOnly)
            let verdict = try connection.statement("PRAGMA quick_check").first { $0.text(0) }
            guard verdict == "ok" else { throw .unreadable("the database is damaged: \(verdict ?? "no answer")") }
        } catch {
            throw error.storeError
        }
    }

    // MARK: - Bytes

    private func copy(
        _ byteCount: Int64,
        from source: CInt,
        to target: CInt,
        _ hash: inout SHA256
    ) throws(SystemError) {
        var left = byteCount
        while left > 0 {
            let piece = try read(Int(min(left, Int64(Self.pieceSize))), from: source)
            guard !piece.isEmpty else { throw SystemError(operation: "read: the file breaks off", code: EIO) }
            hash.update(piece.span)
            try disk.write(piece, to: target)
            left -= Int64(piece.count)
        }
    }

    /// So many bytes, fewer only at the end of the file.
    private func read(_ count: Int, from source: CInt) throws(SystemError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(source, buffer.baseAddress?.advanced(by: done), count - done)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw SystemError(operation: "read", code: errno) }
            guard got > 0 else { break }
            done += got
        }
        bytes.removeLast(count - done)
        return bytes
    }
}
