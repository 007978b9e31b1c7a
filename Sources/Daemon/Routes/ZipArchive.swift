import Orchestrator

/// The pieces of a ZIP archive of files that are stored as they are: pictures cannot be made smaller (APPNOTE.TXT 6.3).
///
/// Sizes and checksums stand in front of each file, so that readers that do not seek can unpack it, and the length of the
/// whole is known before its first byte. Without the 64-bit extensions, so below 4 GiB.
struct ZipArchive: Sendable {
    /// One file that the archive will have.
    struct Entry: Sendable {
        /// ASCII, unique in the archive.
        var name: String
        var byteCount: Int64
        var modified: Timestamp
    }

    /// The most that one archive may have in it.
    static let longest: Int64 = (1 << 32) - (1 << 20)
    private static let entryLength: Int64 = 30
    private static let directoryEntryLength: Int64 = 46
    private static let endLength: Int64 = 22
    /// Version 1.0 of the format, by a Unix system.
    private static let version: UInt16 = 10
    private static let madeBy: UInt16 = 3 << 8 | 10

    private var directory: [UInt8] = []
    private var count: UInt16 = 0
    private(set) var byteCount: Int64 = 0

    /// How long an archive of these files is.
    static func byteCount(of entries: [Entry]) -> Int64 {
        entries.reduce(endLength) { sum, entry in
            sum + entryLength + directoryEntryLength + 2 * Int64(entry.name.utf8.count) + entry.byteCount
        }
    }

    /// What stands in front of the bytes of the next file.
    mutating func begin(_ entry: Entry, checksum: UInt32) -> [UInt8] {
        let (date, time) = Self.dosTime(entry.modified)
        let size = UInt32(truncatingIfNeeded: entry.byteCount)
        var common: [UInt8] = []
        common.append(little: Self.version)
        common.append(little: 0 as UInt16)  // flags
        common.append(little: 0 as UInt16)  // stored
        common.append(little: time)
        common.append(little: date)
        common.append(little: checksum)
        common.append(little: size)
        common.append(little: size)
        common.append(little: UInt16(entry.name.utf8.count))
        common.append(little: 0 as UInt16)  // extra field
        directory += [0x50, 0x4B, 0x01, 0x02]
        directory.append(little: Self.madeBy)
        directory += common
        directory.append(little: 0 as UInt16)  // comment
        directory.append(little: 0 as UInt16)  // disk
        directory.append(little: 0 as UInt16)  // binary
        directory.append(little: 0o100644 << 16 as UInt32)
        directory.append(little: UInt32(truncatingIfNeeded: byteCount))
        directory += entry.name.utf8
        count += 1
        let head: [UInt8] = [0x50, 0x4B, 0x03, 0x04] + common + entry.name.utf8
        byteCount += Int64(head.count) + entry.byteCount
        return head
    }

    /// What stands behind the last file.
    mutating func end() -> [UInt8] {
        var end = directory + [0x50, 0x4B, 0x05, 0x06]
        end.append(little: 0 as UInt16)
        end.append(little: 0 as UInt16)
        end.append(little: count)
        end.append(little: count)
        end.append(little: UInt32(directory.count))
        end.append(little: UInt32(truncatingIfNeeded: byteCount))
        end.append(little: 0 as UInt16)
        byteCount += Int64(end.count)
        return end
    }

    /// In steps of two seconds, from 1980 on; here in UTC.
    private static func dosTime(_ moment: Timestamp) -> (date: UInt16, time: UInt16) {
        let day = moment.day.civil
        let seconds = Int(moment.seconds - moment.day.start.seconds)
        let year = min(max(day.year - 1980, 0), 127)
        return (
            UInt16(year << 9 | day.month << 5 | day.day),
            UInt16(seconds / 3600 << 11 | seconds / 60 % 60 << 5 | seconds % 60 / 2)
        )
    }
}

extension [UInt8] {
    fileprivate mutating func append<Number: FixedWidthInteger>(little number: Number) {
        for shift in stride(from: 0, to: Number.bitWidth, by: 8) {
            append(UInt8(truncatingIfNeeded: number >> Number(shift)))
        }
    }
}
