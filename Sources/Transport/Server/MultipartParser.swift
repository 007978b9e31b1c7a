import CSystem

/// What is wrong with a multipart body; the text may be shown to its sender.
package struct MultipartError: Error, Equatable, CustomStringConvertible {
    package var description: String

    init(_ description: String) { self.description = description }
}

/// What a part of a form says about itself (RFC 7578 section 4).
package struct MultipartPart: Sendable, Equatable {
    package var name: String
    package var filename: String?
    package var contentType: String?
}

/// Takes `multipart/form-data` apart as its bytes arrive: no I/O, no copy of what a part carries.
///
/// ``append(_:)`` hands over bytes, then ``next()`` is called until it answers nil. The grammar is RFC 2046 section 5.1.1;
/// preamble and epilogue are skipped.
package struct MultipartParser {
    package enum Event: Equatable {
        case partBegin(MultipartPart)
        /// Some bytes of the part, never none.
        case partData(ArraySlice<UInt8>)
        case partEnd
        /// The closing delimiter; whatever follows is skipped.
        case end
    }

    package struct Limits: Sendable {
        package var parts = 64
        /// Bytes of the header of one part.
        package var headerBytes = 8 << 10

        package init() {}
    }

    private enum State {
        case preamble
        /// Behind a delimiter, whose line is not complete.
        case delimiter
        case header
        /// At the line end of the empty line behind a header: it may belong to the delimiter of a part without content.
        case headerEnd
        case data
        case epilogue
    }

    /// CR LF `--` boundary.
    private let delimiter: [UInt8]
    private let limits: Limits
    private var state = State.preamble
    private var parts = 0
    /// A line end in front of the first byte makes the first delimiter look like all others.
    private var buffer: [UInt8] = [0x0D, 0x0A]
    private var position = 0

    /// `boundary` is that of the content type; see ``boundary(of:)``.
    package init(boundary: String, limits: Limits = Limits()) {
        delimiter = Array("\r\n--\(boundary)".utf8)
        self.limits = limits
    }

    /// Adds bytes; call ``next()`` until nil before more are added, else they pile up.
    package mutating func append(_ bytes: [UInt8]) {
        if position == buffer.count {
            buffer = bytes
        } else {
            // A new array, since slices of the old one may be in use.
            var joined: [UInt8] = []
            joined.reserveCapacity(buffer.count - position + bytes.count)
            joined.append(contentsOf: buffer[position...])
            joined.append(contentsOf: bytes)
            buffer = joined
        }
        position = 0
    }

    /// The next event in the bytes so far; nil when more are needed.
    package mutating func next() throws(MultipartError) -> Event? {
        while true {
            switch state {
            case .preamble:
                guard let start = find(delimiter) else {
                    position = buffer.count - heldBack()
                    return nil
                }
                position = start + delimiter.count
                state = .delimiter
            case .delimiter:
                guard let isLast = try endOfDelimiter() else { return nil }
                state = isLast ? .epilogue : .header
                if isLast { return .end }
            case .header:
                guard let part = try header() else { return nil }
                state = .headerEnd
                return .partBegin(part)
            case .headerEnd:
                let rest = buffer[position...]
                if rest.count < delimiter.count, delimiter.starts(with: rest) { return nil }
                if !rest.starts(with: delimiter) { position += 2 }
                state = .data
            case .data:
                return data()
            case .epilogue:
                position = buffer.count
                return nil
            }
        }
    }

    /// Call at the end of the body; throws when the closing delimiter has not been seen.
    package func finish() throws(MultipartError) {
        guard state == .epilogue else { throw MultipartError("the form ends before its closing delimiter") }
    }

    // MARK: Pieces

    /// Whether the delimiter is the closing one; nil while its line is not complete.
    private mutating func endOfDelimiter() throws(MultipartError) -> Bool? {
        let rest = buffer[position...]
        if rest.starts(with: [0x2D, 0x2D]) {
            position += 2
            return true
        }
        if rest.count == 1, rest.first == 0x2D { return nil }
        // Blanks between the boundary and the line's end are "transport padding".
        let end = rest.firstIndex { $0 != 0x20 && $0 != 0x09 } ?? rest.endIndex
        if end - rest.startIndex > limits.headerBytes {
            throw MultipartError("a delimiter line of the form is too long")
        }
        guard end + 1 < rest.endIndex else { return nil }
        guard rest[end] == 0x0D, rest[end + 1] == 0x0A else {
            throw MultipartError("a delimiter of the form is followed by other text")
        }
        position = end + 2
        parts += 1
        if parts > limits.parts { throw MultipartError("the form has more than \(limits.parts) parts") }
        return false
    }

    private mutating func header() throws(MultipartError) -> MultipartPart? {
        let rest = buffer[position...]
        if rest.starts(with: [0x0D, 0x0A]) { throw MultipartError("a part of the form has no header") }
        let emptyLine: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A]
        guard let end = find(emptyLine), end - position <= limits.headerBytes else {
            // A header of just the length that is allowed may lack the last byte of its end.
            if rest.count >= limits.headerBytes + emptyLine.count {
                throw MultipartError("the header of a part is longer than \(limits.headerBytes) bytes")
            }
            return nil
        }
        let part = try MultipartHeader.part(buffer[position..<end])
        position = end + 2
        return part
    }

    private mutating func data() -> Event? {
        guard let end = find(delimiter) else {
            let safe = buffer.count - heldBack()
            guard safe > position else { return nil }
            defer { position = safe }
            return .partData(buffer[position..<safe])
        }
        if end > position {
            defer { position = end }
            return .partData(buffer[position..<end])
        }
        position = end + delimiter.count
        state = .delimiter
        return .partEnd
    }

    /// How many of the last bytes may be the start of a delimiter.
    private func heldBack() -> Int {
        let start = max(position, buffer.count - delimiter.count + 1)
        guard start < buffer.count else { return 0 }
        var candidate = buffer[start...].firstIndex(of: 0x0D)
        while let index = candidate {
            if delimiter.starts(with: buffer[index...]) { return buffer.count - index }
            candidate = buffer[(index + 1)...].firstIndex(of: 0x0D)
        }
        return 0
    }

    private func find(_ needle: [UInt8]) -> Int? {
        let offset = unsafe buffer.withUnsafeBytes { bytes in
            unsafe needle.withUnsafeBytes { needle in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[position...])
                return unsafe system_find(rest.baseAddress, rest.count, needle.baseAddress, needle.count)
            }
        }
        return offset < 0 ? nil : position + Int(offset)
    }
}
