extension JSON {
    /// Parses one whole document, strictly by RFC 8259: no repeated names, no invalid UTF-8, nothing behind the end.
    ///
    /// The cost is linear in the size of the text; memory and depth are bounded by `limits`.
    public init(parsing bytes: Span<UInt8>, limits: JSONLimits = JSONLimits()) throws(JSONError) {
        var assembler = JSONAssembler(limits: limits)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case 0x20, 0x0A, 0x0D, 0x09:
                index += 1
            case UInt8(ascii: "\""):
                index = try JSON.parseString(bytes, at: index, limits, into: &assembler)
            case _ where JSONAtom.contains(byte):
                try assembler.requireValuePlace(byte, at: index)
                var end = index + 1
                while end < bytes.count, JSONAtom.contains(bytes[end]) { end += 1 }
                let value = try JSONAtom.parse(bytes.extracting(index..<end), at: index, limits: limits)
                try assembler.accept(scalar: value, at: index)
                index = end
            default:
                try assembler.accept(byte, at: index)
                index += 1
            }
        }
        self = try assembler.finish(at: index)
    }

    /// Parses one whole document; see ``init(parsing:limits:)-(Span<UInt8>,_)``.
    public init(parsing bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) {
        self = try JSON(parsing: bytes.span, limits: limits)
    }

    /// Parses one whole document; see ``init(parsing:limits:)-(Span<UInt8>,_)``.
    public init(parsing text: String, limits: JSONLimits = JSONLimits()) throws(JSONError) {
        self = try JSON(parsing: text.utf8Span.span, limits: limits)
    }

    /// Parses the string whose opening quote is at `start` and returns the index behind its closing quote.
    private static func parseString(
        _ bytes: Span<UInt8>,
        at start: Int,
        _ limits: JSONLimits,
        into assembler: inout JSONAssembler
    ) throws(JSONError) -> Int {
        if !assembler.expectsName { try assembler.requireValuePlace(UInt8(ascii: "\""), at: start) }
        var end = JSONStringLiteral.plainEnd(bytes, from: start + 1)
        while end < bytes.count, bytes[end] != UInt8(ascii: "\"") {
            // A backslash hides the byte behind it; a control character is refused by the decoder below.
            end = JSONStringLiteral.plainEnd(bytes, from: end + (bytes[end] == UInt8(ascii: "\\") ? 2 : 1))
        }
        guard end < bytes.count else { throw JSONError(.syntax, at: bytes.count, "the document ends inside a string") }
        let literal = bytes.extracting(start + 1..<end)
        let string = try JSONStringLiteral.decode(literal, at: start + 1, limits: limits)
        try assembler.accept(string: string, at: start)
        return end + 1
    }
}

/// The tokens of JSON without delimiters of their own: numbers, `true`, `false`, `null`.
package enum JSONAtom {
    /// Whether a byte can be part of such a token; the first other byte ends it.
    package static func contains(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."):
            true
        default:
            false
        }
    }

    /// The value that a whole token stands for.
    package static func parse(_ token: Span<UInt8>, at offset: Int, limits: JSONLimits) throws(JSONError) -> JSON {
        guard token.count <= limits.numberBytes else {
            throw JSONError(.size, at: offset, "a number is longer than \(limits.numberBytes) bytes")
        }
        let text = unsafe token.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
        guard JSONNumber.isValid(token) else {
            switch text {
            case "true": return .bool(true)
            case "false": return .bool(false)
            case "null": return .null
            default: break
            }
            throw JSONError(.syntax, at: offset, "'\(text.prefix(32))' is no JSON value")
        }
        return .number(JSONNumber(validated: text))
    }
}
