extension JSON {
    /// The document as UTF-8 text without white space, members in their order, escaping only what must be.
    ///
    /// A ``blob(_:)``, whose text is gone, is written as the string `<blob N>`.
    public func serialized() -> [UInt8] {
        var bytes: [UInt8] = []
        // Most documents that we write fit, without the five moves that an array takes to grow so far.
        if !isScalar { bytes.reserveCapacity(512) }
        write(into: &bytes)
        return bytes
    }

    /// The same as ``serialized()``, as a string.
    public var text: String {
        String(decoding: serialized(), as: UTF8.self)
    }

    /// Appends the same as ``serialized()`` to a buffer.
    public func write(into bytes: inout [UInt8]) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .number(let number): bytes.append(number.text.utf8Span.span)
        case .string(let string): JSON.write(string, into: &bytes)
        case .array(let elements): JSON.write(elements, into: &bytes)
        case .object(let object): JSON.write(object, into: &bytes)
        case .blob(let blob): JSON.write("<blob \(blob.index)>", into: &bytes)
        }
    }

    private var isScalar: Bool {
        switch self {
        case .null, .bool, .number, .string, .blob: true
        case .array, .object: false
        }
    }

    private static func write(_ elements: [JSON], into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "["))
        for (index, element) in elements.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            element.write(into: &bytes)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    private static func write(_ object: JSONObject, into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "{"))
        for (index, member) in object.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            write(member.key, into: &bytes)
            bytes.append(UInt8(ascii: ":"))
            member.value.write(into: &bytes)
        }
        bytes.append(UInt8(ascii: "}"))
    }

    /// Appends a string with its quotes.
    package static func write(_ string: String, into bytes: inout [UInt8]) {
        let raw = string.utf8Span.span
        bytes.append(UInt8(ascii: "\""))
        var copied = 0
        var index = JSONStringLiteral.plainEnd(raw, from: 0)
        while index < raw.count {
            bytes.append(raw.extracting(copied..<index))
            writeEscape(of: raw[index], into: &bytes)
            copied = index + 1
            index = JSONStringLiteral.plainEnd(raw, from: copied)
        }
        bytes.append(raw.extracting(copied..<raw.count))
        bytes.append(UInt8(ascii: "\""))
    }

    private static func writeEscape(of byte: UInt8, into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        default:
            bytes.append(contentsOf: byte < 0x10 ? "u000".utf8 : "u001".utf8)
            bytes.append(contentsOf: String(byte & 0x0F, radix: 16).utf8)
        }
    }
}

extension JSON: CustomStringConvertible {
    /// The compact text.
    public var description: String { text }
}
