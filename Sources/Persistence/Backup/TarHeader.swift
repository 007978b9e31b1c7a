/// The block before each file of a tar archive (POSIX.1-1988 ustar), as far as a backup needs it: plain files.
struct TarHeader: Sendable, Hashable {
    static let blockSize = 512
    /// What ends an archive.
    static let end = [UInt8](repeating: 0, count: 2 * blockSize)

    /// At most 100 bytes of ASCII.
    var name: String
    var byteCount: Int64

    /// The zeros that fill a file's last block.
    var padding: [UInt8] {
        [UInt8](
            repeating: 0,
            count: Int((Int64(Self.blockSize) - byteCount % Int64(Self.blockSize)) % Int64(Self.blockSize))
        )
    }

    private enum Field {
        static let name = 0..<100
        static let mode = 100..<108
        static let owner = 108..<116
        static let group = 116..<124
        static let size = 124..<136
        static let time = 136..<148
        static let checksum = 148..<156
        static let kind = 156
        static let magic = 257..<265
    }

    /// "ustar", zero, and the version.
    private static let magic = Array("ustar\u{0}00".utf8)
    private static let plainFile = UInt8(ascii: "0")

    var block: [UInt8] {
        var block = [UInt8](repeating: 0, count: Self.blockSize)
        func put(_ text: String, _ field: Range<Int>) {
            for (index, byte) in zip(field, text.utf8) { block[index] = byte }
        }
        put(name, Field.name)
        put("0000600", Field.mode)
        put("0000000", Field.owner)
        put("0000000", Field.group)
        put(Self.octal(0, digits: 11), Field.time)
        if byteCount < 1 << 33 {
            put(Self.octal(byteCount, digits: 11), Field.size)
        } else {
            // GNU's way for what eleven octal digits cannot hold: a set bit, and the number in binary.
            block[Field.size.lowerBound] = 0x80
            for place in 0..<8 {
                block[Field.size.upperBound - 1 - place] = UInt8(truncatingIfNeeded: byteCount >> (8 * Int64(place)))
            }
        }
        block[Field.kind] = Self.plainFile
        block.replaceSubrange(Field.magic, with: Self.magic)
        put(Self.octal(Self.sum(of: block), digits: 6) + "\u{0} ", Field.checksum)
        return block
    }

    init(name: String, byteCount: Int64) {
        self.name = name
        self.byteCount = byteCount
    }

    /// Reads a block; nil for what this program did not write.
    init?(block: [UInt8]) {
        guard block.count == Self.blockSize, Array(block[Field.magic]) == Self.magic,
            block[Field.kind] == Self.plainFile,
            Self.number(block[Field.checksum].prefix(6)) == Self.sum(of: block)
        else { return nil }
        name = String(decoding: block[Field.name].prefix { $0 != 0 }, as: UTF8.self)
        let size = block[Field.size]
        if size.first == 0x80 {
            byteCount = size.dropFirst(4).reduce(0) { $0 << 8 | Int64($1) }
        } else {
            guard let count = Self.number(size.prefix(11)) else { return nil }
            byteCount = count
        }
        guard byteCount >= 0 else { return nil }
    }

    /// The sum of all bytes, those of the sum itself taken as spaces.
    private static func sum(of block: [UInt8]) -> Int64 {
        block.indices.reduce(0) { $0 + Int64(Field.checksum.contains($1) ? UInt8(ascii: " ") : block[$1]) }
    }

    private static func octal(_ number: Int64, digits: Int) -> String {
        let text = String(number, radix: 8)
        return String(repeating: "0", count: max(digits - text.utf8.count, 0)) + text
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        Int64(String(decoding: digits, as: UTF8.self), radix: 8)
    }
}
