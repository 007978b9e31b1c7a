import CLLHTTP

/// The header fields of one request: the bytes of its head as they came, and where in them each field lies.
///
/// Names compare without regard to case (RFC 9110 section 5.1); values have no white space around them and no control
/// byte but the tab. Bytes that are not UTF-8 are repaired when a value becomes a `String`.
package struct HTTPHeaders: Sendable {
    let arena: [UInt8]
    private let fields: [head_field]

    init(arena: [UInt8], fields: [head_field]) {
        self.arena = arena
        self.fields = fields
    }

    package var count: Int { fields.count }

    /// The value of the first field of that name. O(number of fields); allocates for values over 15 bytes only.
    package subscript(name: String) -> String? {
        guard let index = index(of: name, from: 0) else { return nil }
        return value(at: index)
    }

    package func contains(_ name: String) -> Bool { index(of: name, from: 0) != nil }

    /// The values of all fields of that name, in the order they came.
    package func all(named name: String) -> [String] {
        var values: [String] = []
        var start = 0
        while let index = index(of: name, from: start) {
            values.append(value(at: index))
            start = index + 1
        }
        return values
    }

    /// Every field in the order it came, the name as it was written.
    package var pairs: [(name: String, value: String)] {
        fields.indices.map { index in
            let field = fields[index]
            return (string(field.name, UInt32(field.name_length)), value(at: index))
        }
    }

    func count(of name: String) -> Int {
        var count = 0
        var start = 0
        while let index = index(of: name, from: start) {
            count += 1
            start = index + 1
        }
        return count
    }

    /// Calls `body` with the bytes of the first field of that name.
    func withBytes<Value>(of name: String, _ body: (Span<UInt8>) -> Value) -> Value? {
        guard let index = index(of: name, from: 0) else { return nil }
        let field = fields[index]
        return body(arena.span.extracting(Int(field.value)..<Int(field.value + field.value_length)))
    }

    private func index(of name: String, from start: Int) -> Int? {
        var name = name
        return name.withUTF8 { unsafe find(Span(_unsafeElements: $0), from: start) }
    }

    private func find(_ name: Span<UInt8>, from start: Int) -> Int? {
        let bytes = arena.span
        for index in start..<max(start, fields.count) {
            let field = fields[index]
            guard Int(field.name_length) == name.count else { continue }
            var isEqual = true
            for offset in 0..<name.count
            where bytes[Int(field.name) + offset].lowercasedASCII != name[offset].lowercasedASCII {
                isEqual = false
                break
            }
            if isEqual { return index }
        }
        return nil
    }

    private func value(at index: Int) -> String {
        string(fields[index].value, fields[index].value_length)
    }

    private func string(_ start: UInt32, _ length: UInt32) -> String {
        String(decoding: arena[Int(start)..<Int(start + length)], as: UTF8.self)
    }
}

extension UInt8 {
    var lowercasedASCII: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }

    /// The value of a hexadecimal digit.
    var hexadecimalValue: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x41 + 10
        case 0x61...0x66: self - 0x61 + 10
        default: nil
        }
    }
}
