import Orchestrator

/// The status and headers of a reply, read line by line as libcurl hands them on.
struct ReplyHead {
    /// Vendors send 1-2 KiB; more than this is no reply that we read on.
    static let byteLimit = 64 << 10

    /// 0 until a status line has come.
    private(set) var status = 0
    /// Whether the empty line behind a final head has come; what follows are body and trailers.
    private(set) var isComplete = false
    private var bytes: [UInt8] = []
    private var lines: [Range<Int>] = []

    /// Takes one line with its line break; false when the head is too large or a status line is none.
    mutating func accept(_ line: Span<UInt8>) -> Bool {
        if isComplete { return true }
        if ReplyHead.isStatusLine(line) {
            // Another status line follows an interim one (100, 103): only the last counts.
            bytes.removeAll(keepingCapacity: true)
            lines.removeAll(keepingCapacity: true)
            guard let code = ReplyHead.status(line) else { return false }
            status = code
            return true
        }
        var end = line.count
        while end > 0, line[end - 1] == 0x0D || line[end - 1] == 0x0A { end -= 1 }
        if end == 0 {
            isComplete = status >= 200
            return true
        }
        guard bytes.count + end <= ReplyHead.byteLimit else { return false }
        lines.append(bytes.count..<bytes.count + end)
        bytes.append(line.extracting(0..<end))
        return true
    }

    mutating func reset() {
        status = 0
        isComplete = false
        bytes.removeAll(keepingCapacity: true)
        lines.removeAll(keepingCapacity: true)
    }

    /// Names in lower case; lines without a colon are left out.
    var headers: [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = []
        headers.reserveCapacity(lines.count)
        for line in lines {
            guard let colon = bytes[line].firstIndex(of: UInt8(ascii: ":")) else { continue }
            headers.append((name(line.lowerBound..<colon), value(colon + 1..<line.upperBound)))
        }
        return headers
    }

    /// The last value of a header, named in lower case.
    func header(_ name: StaticString) -> String? {
        for line in lines.reversed() {
            let colon = line.lowerBound + name.utf8CodeUnitCount
            guard colon < line.upperBound, bytes[colon] == UInt8(ascii: ":") else { continue }
            var index = 0
            while index < name.utf8CodeUnitCount,
                unsafe ReplyHead.lower(bytes[line.lowerBound + index]) == name.utf8Start[index]
            {
                index += 1
            }
            if index == name.utf8CodeUnitCount { return value(colon + 1..<line.upperBound) }
        }
        return nil
    }

    /// The media type without its parameters, in lower case; empty where none was sent.
    var mediaType: String {
        guard let value = header("content-type") else { return "" }
        let type = value.utf8.prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: " ") }
        return String(decoding: type.map(ReplyHead.lower), as: UTF8.self)
    }

    private func name(_ range: Range<Int>) -> String {
        unsafe String(unsafeUninitializedCapacity: range.count) { buffer in
            for (offset, index) in range.enumerated() { unsafe buffer[offset] = ReplyHead.lower(bytes[index]) }
            return range.count
        }
    }

    private func value(_ range: Range<Int>) -> String {
        var range = range
        while let first = range.first, ReplyHead.isBlank(bytes[first]) { range = range.dropFirst() }
        while let last = range.last, ReplyHead.isBlank(bytes[last]) { range = range.dropLast() }
        return String(decoding: bytes[range], as: UTF8.self)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private static func lower(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }

    private static func isStatusLine(_ line: Span<UInt8>) -> Bool {
        line.count >= 5 && line[0] == UInt8(ascii: "H") && line[1] == UInt8(ascii: "T") && line[2] == UInt8(ascii: "T")
            && line[3] == UInt8(ascii: "P") && line[4] == UInt8(ascii: "/")
    }

    /// `HTTP/1.1 200 OK`, `HTTP/2 200`.
    private static func status(_ line: Span<UInt8>) -> Int? {
        var index = 5
        while index < line.count, line[index] != 0x20 { index += 1 }
        guard index + 3 < line.count else { return nil }
        var code = 0
        for digit in index + 1...index + 3 {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(line[digit]) else { return nil }
            code = code * 10 + Int(line[digit] - UInt8(ascii: "0"))
        }
        return code >= 100 ? code : nil
    }
}
