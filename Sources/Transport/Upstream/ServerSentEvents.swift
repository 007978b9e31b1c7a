internal import Orchestrator

/// Takes what a `ServerSentEvents` parser finds.
package protocol ServerSentEventHandler {
    associatedtype Failure: Error

    /// Takes the next bytes of the data of the current event.
    mutating func data(_ piece: Span<UInt8>) throws(Failure)

    /// The current event is complete; `name` is `message` unless the event named itself. The next data are another's.
    mutating func endOfEvent(_ name: String) throws(Failure)
}

/// Parses a stream of server-sent events (WHATWG HTML, section 9.2.6) while it arrives.
///
/// The data of an event are passed on as they come and never held, so one event may be as large as it likes. Event names
/// are held; one longer than 256 bytes counts as none. Comments, `id`, `retry` and unknown fields are skipped, as are
/// events without data.
package struct ServerSentEvents: Sendable {
    private enum Place {
        case byteOrderMark, field, space, data, eventName, skipped
    }

    private static let longestName = 256
    private static let newline: [UInt8] = [0x0A]

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

    /// Takes the next bytes of the stream.
    package mutating func consume<Handler: ServerSentEventHandler>(
        _ bytes: Span<UInt8>,
        into handler: inout Handler
    ) throws(Handler.Failure) {
        var index = 0
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
            case .field: try takeField(bytes[index], at: &index, into: &handler)
            case .space:
                place = field
                if bytes[index] == 0x20 { index += 1 }
            case .data, .eventName, .skipped:
                let end = bytes.index(of: 0x0A, or: 0x0D, from: index)
                try takeValue(bytes.extracting(index..<end), into: &handler)
                index = end
                guard end < bytes.count else { return }
                ignoresLineFeed = bytes[end] == 0x0D
                endLine()
                index += 1
            }
        }
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

    private mutating func takeField<Handler: ServerSentEventHandler>(
        _ byte: UInt8,
        at index: inout Int,
        into handler: inout Handler
    ) throws(Handler.Failure) {
        index += 1
        switch byte {
        case 0x0A, 0x0D:
            ignoresLineFeed = byte == 0x0D
            if text.isEmpty {
                try endEvent(into: &handler)
            } else {
                // A field without colon has the empty value.
                try beginValue(into: &handler)
                endLine()
            }
        case UInt8(ascii: ":"):
            try beginValue(into: &handler)
        default:
            // No field that matters is longer; the rest of a longer one changes nothing.
            if text.count < 8 { text.append(byte) }
        }
    }

    private mutating func beginValue<Handler: ServerSentEventHandler>(
        into handler: inout Handler
    ) throws(Handler.Failure) {
        if text.elementsEqual("data".utf8) {
            field = .data
            if hasData { try handler.data(ServerSentEvents.newline.span) }
            hasData = true
        } else {
            field = text.elementsEqual("event".utf8) ? .eventName : .skipped
        }
        text.removeAll(keepingCapacity: true)
        place = .space
    }

    private mutating func takeValue<Handler: ServerSentEventHandler>(
        _ piece: Span<UInt8>,
        into handler: inout Handler
    ) throws(Handler.Failure) {
        guard !piece.isEmpty else { return }
        if place == .data {
            try handler.data(piece)
        } else if place == .eventName {
            let room = max(ServerSentEvents.longestName + 1 - text.count, 0)
            text.append(piece.extracting(0..<min(piece.count, room)))
        }
    }

    private mutating func endLine() {
        if field == .eventName {
            name = text.count <= ServerSentEvents.longestName ? String(decoding: text, as: UTF8.self) : ""
        }
        text.removeAll(keepingCapacity: true)
        field = .skipped
        place = .field
    }

    private mutating func endEvent<Handler: ServerSentEventHandler>(
        into handler: inout Handler
    ) throws(Handler.Failure) {
        let (ended, hadData) = (name, hasData)
        name = ""
        hasData = false
        if hadData { try handler.endOfEvent(ended.isEmpty ? "message" : ended) }
    }
}
