internal import Orchestrator

/// The inside of one base64 string: undoes JSON's escapes, decodes, and feeds the sink.
///
/// Once the string has proved to be no base64 it is only searched for its end: its escapes and its UTF-8 are not checked.
struct BlobStream {
    private enum Escape {
        case none
        case started  // behind the backslash
        case unicode(digits: Int, value: UInt16)
    }

    /// How many digits are decoded in one go: bounds the buffer, which stays in the processor's cache.
    private static let stride = 32 << 10
    /// A `data:` prefix longer than this is not looked for.
    private static let longestPrefix = 256

    let id: BlobID
    let sink: any BlobSink
    private(set) var isBroken = false
    private var decoder = Base64Decoder()
    private var escape = Escape.none
    /// Digits between which escapes stood, put together again.
    private var plain: [UInt8] = []
    private var decoded: [UInt8] = []

    init(id: BlobID, sink: any BlobSink) {
        self.id = id
        self.sink = sink
    }

    /// Where the digits start in the first bytes of a string as written; nil if these are not all base64.
    static func firstDigit(of token: Span<UInt8>) -> Int? {
        let start = endOfPrefix(of: token)
        var index = start
        while index < token.count {
            if Base64.isDigit(token[index]) {
                index += 1
            } else if token[index] == UInt8(ascii: "\\") {
                guard let end = endOfDigitEscape(in: token, at: index) else { return nil }
                index = end
            } else {
                return nil
            }
        }
        return start
    }

    /// The index behind `data:…;base64,`, or 0.
    private static func endOfPrefix(of token: Span<UInt8>) -> Int {
        let text = [UInt8](copying: token.extracting(0..<min(token.count, longestPrefix)))
        let mark = Array(";base64,".utf8)
        guard text.starts(with: "data:".utf8), text.count >= mark.count else { return 0 }
        let found = (0...(text.count - mark.count)).first { text[$0...].starts(with: mark) }
        return found.map { $0 + mark.count } ?? 0
    }

    /// The index behind an escape that stands for a digit or a line break, the end if it is cut off there; else nil.
    private static func endOfDigitEscape(in token: Span<UInt8>, at start: Int) -> Int? {
        guard start + 1 < token.count else { return token.count }
        if let byte = JSONStringLiteral.simpleEscape(token[start + 1]) {
            return Base64.isDigit(byte) || isLineBreak(byte) ? start + 2 : nil
        }
        guard token[start + 1] == UInt8(ascii: "u") else { return nil }
        var value: UInt16 = 0
        let end = min(start + 6, token.count)
        for index in start + 2..<end {
            guard let digit = JSONStringLiteral.hexDigit(token[index]) else { return nil }
            value = value << 4 | UInt16(digit)
        }
        return end < start + 6 || value < 0x80 && Base64.isDigit(UInt8(value)) ? end : nil
    }

    private static func isLineBreak(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

    /// Takes bytes of the string from `start` on, up to its closing quote; answers where it stopped and whether that was
    /// behind the quote. Throws only for what breaks the grammar of JSON; `offset` is where `bytes` begin.
    mutating func consume(
        _ bytes: Span<UInt8>,
        from start: Int,
        offset: Int
    ) throws(JSONError) -> (index: Int, hasEnded: Bool) {
        var index = start
        while index < bytes.count {
            guard case .none = escape else {
                try takeEscape(bytes[index], at: offset + index)
                index += 1
                continue
            }
            let end = JSONStringLiteral.plainEnd(bytes, from: index)
            take(bytes.extracting(index..<end), isLast: end == bytes.count || bytes[end] == UInt8(ascii: "\""))
            index = end + 1
            guard end < bytes.count else { return (end, false) }
            switch bytes[end] {
            case UInt8(ascii: "\""):
                finish()
                return (index, true)
            case UInt8(ascii: "\\"):
                escape = .started
            default:
                throw JSONError(.syntax, at: offset + end, "a string holds an unescaped control character")
            }
        }
        decodePlain()
        return (index, false)
    }

    /// Takes digits as they stand; the last ones before a pause are decoded at once, without a copy if they are alone.
    private mutating func take(_ run: Span<UInt8>, isLast: Bool) {
        guard !isBroken else { return }
        if isLast, plain.isEmpty {
            decode(run)
        } else {
            plain.append(run)
            if isLast || plain.count >= BlobStream.stride { decodePlain() }
        }
    }

    private mutating func takeEscape(_ byte: UInt8, at offset: Int) throws(JSONError) {
        switch escape {
        case .none:
            break
        case .started:
            if let plainByte = JSONStringLiteral.simpleEscape(byte) {
                escape = .none
                if !BlobStream.isLineBreak(plainByte) { plain.append(plainByte) }
            } else if byte == UInt8(ascii: "u") {
                escape = .unicode(digits: 0, value: 0)
            } else {
                throw JSONError(.syntax, at: offset, "a string holds an invalid escape")
            }
        case .unicode(let digits, let value):
            guard let digit = JSONStringLiteral.hexDigit(byte) else {
                throw JSONError(.syntax, at: offset, "a string holds an invalid escape")
            }
            let value = value << 4 | UInt16(digit)
            escape = digits < 3 ? .unicode(digits: digits + 1, value: value) : .none
            if digits == 3 { plain.append(UInt8(exactly: value) ?? 0xFF) }  // 0xFF is no digit and breaks the blob
        }
    }

    private mutating func decodePlain() {
        guard !plain.isEmpty else { return }
        let digits = plain
        plain.removeAll(keepingCapacity: true)
        decode(digits.span)
    }

    private mutating func decode(_ digits: Span<UInt8>) {
        var index = 0
        while index < digits.count, !isBroken {
            let end = min(index + BlobStream.stride, digits.count)
            decoded.removeAll(keepingCapacity: true)
            do throws(Base64Error) {
                try decoder.decode(digits.extracting(index..<end), into: &decoded)
                sink.write(decoded.span)
            } catch {
                breakOff()
            }
            index = end
        }
    }

    private mutating func finish() {
        decodePlain()
        guard !isBroken else { return }
        decoded.removeAll(keepingCapacity: true)
        do throws(Base64Error) {
            try decoder.finish(into: &decoded)
            if !decoded.isEmpty { sink.write(decoded.span) }
            sink.finish()
        } catch {
            breakOff()
        }
    }

    private mutating func breakOff() {
        isBroken = true
        sink.abort()
    }
}
