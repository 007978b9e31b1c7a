internal import Orchestrator

/// Parses a stream of server-sent events (WHATWG HTML, section 9.2.6) while it arrives.
///
/// The data of an event are named where they lie and never held, so one event may be as large as it likes. Event names are
/// held; one longer than 256 bytes counts as none. Comments, `id`, `retry` and unknown fields are skipped, as are
/// events without data.
package struct ServerSentEvents: Sendable {
    /// What comes next in the stream.
    package enum Part: Sendable, Hashable {
        /// More data of the current event: these of the bytes that are being read, never none.
        case data(Range<Int>)
        /// The line feed between two lines of data.
        case lineFeed
        /// The current event is complete; the name is `message` unless it named itself. The next data are another's.
        case end(name: String)
    }

    private enum Place {
        case byteOrderMark, field, space, data, eventName, skipped
    }

    private static let longestName = 256

    private var place = Place.byteOrderMark
    /// The name of the field, or what of it has come; for an event's name, its value.
    private var text: [UInt8] = []
    private var field = Place.skipped
    private var name = ""
    private var hasData = false
    private var ignoresLineFeed = false

    package init() {}

    /// Whether an event has begun that is not complete: at the end of a stream, one that broke off.
    package var isInsideEvent: Bool {
        hasData || place == .data || place == .field && !text.isEmpty
    }

    /// Reads on at `index`, up to and including the next part; nil when all bytes have been read, and the stream's next
    /// ones are to be read from 0.
    package mutating func next(in bytes: Span<UInt8>, at index: inout Int) -> Part? {
        while index < bytes.count {
            if ignoresLineFeed {  // the second half of CRLF
                ignoresLineFeed = false
                if bytes[index] == 0x0A {
                    index += 1
                    continue
                }
            }
            switch place {
            case .byteOrderMark: takeByteOrderMark(bytes[index], at: &index)
            case .field:
                index += 1
                if let part = takeField(bytes[index - 1]) { return part }
            case .space:
                place = field
                if bytes[index] == 0x20 { index += 1 }
            case .data, .eventName, .skipped:
                let value = index..<bytes.index(of: 0x0A, or: 0x0D, from: index)
                index = value.upperBound
                // The end of a line of data is found again by the next call.
                if place == .data, !value.isEmpty { return .data(value) }
                takeValue(bytes.extracting(value))
                guard index < bytes.count else { return nil }
                ignoresLineFeed = bytes[index] == 0x0D
                endLine()
                index += 1
            }
        }
        return nil
    }

    private mutating func takeByteOrderMark(_ byte: UInt8, at index: inout Int) {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        guard byte == mark[text.count] else {
            // Half a mark is the start of an unknown field, which is skipped all the same.
            place = .field
            return
        }
        text.append(byte)
        index += 1
        guard text == mark else { return }
        text = []
        place = .field
    }

    private mutating func takeField(_ byte: UInt8) -> Part? {
        switch byte {
        case 0x0A, 0x0D:
            ignoresLineFeed = byte == 0x0D
            if text.isEmpty { return endEvent() }
            // A field without colon has the empty value.
            let part = beginValue()
            endLine()
            return part
        case UInt8(ascii: ":"):
            return beginValue()
        default:
            // No field that matters is longer; the rest of a longer one changes nothing.
            if text.count < 8 { text.append(byte) }
            return nil
        }
    }

    private mutating func beginValue() -> Part? {
        var part: Part?
        if text.elementsEqual("data".utf8) {
            field = .data
            if hasData { part = .lineFeed }
            hasData = true
        } else {
            field = text.elementsEqual("event".utf8) ? .eventName : .skipped
        }
        text.removeAll(keepingCapacity: true)
        place = .space
        return part
    }

    private mutating func takeValue(_ piece: Span<UInt8>) {
        guard place == .eventName else { return }
        let room = max(ServerSentEvents.longestName + 1 - text.count, 0)
        text.append(piece.extracting(0..<min(piece.count, room)))
    }

    private mutating func endLine() {
        if field == .eventName {
            name = text.count <= ServerSentEvents.longestName ? String(decoding: text, as: UTF8.self) : ""
        }
        text.removeAll(keepingCapacity: true)
        field = .skipped
        place = .field
    }

    private mutating func endEvent() -> Part? {
        let (ended, hadData) = (name, hasData)
        name = ""
        hasData = false
        return hadData ? .end(name: ended.isEmpty ? "message" : ended) : nil
    }
}
