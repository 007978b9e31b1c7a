/// One parameter of a statement.
///
/// All but bytes travel as text, which the server reads as whatever type the parameter has: an integer of any width, a
/// JSON document, a text.
enum PostgresValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case bool(Bool)
    /// Text, or JSON; must not hold U+0000, which PostgreSQL cannot keep.
    case text(String)
    case bytes([UInt8])

    static func optional(_ value: Int64?) -> PostgresValue { value.map { .integer($0) } ?? .null }
    static func optional(_ value: String?) -> PostgresValue { value.map { .text($0) } ?? .null }
    static func optional(_ value: [UInt8]?) -> PostgresValue { value.map { .bytes($0) } ?? .null }

    /// Whether the server can take it.
    var isAcceptable: Bool {
        guard case .text(let text) = self else { return true }
        return !text.utf8.contains(0)
    }
}

/// A statement's parameters in the form libpq takes them.
struct PostgresParameters {
    private var contents = PackedTexts()
    private var lengths: [CInt] = []
    private var formats: [CInt] = []

    init(_ values: [PostgresValue]) {
        for value in values {
            switch value {
            case .null: contents.appendNone()
            case .integer(let number): contents.append(String(number))
            case .bool(let truth): contents.append(truth ? "t" : "f")
            case .text(let text): contents.append(text)
            case .bytes(let bytes): contents.append(bytes)
            }
            // Lengths matter to binary values only.
            if case .bytes(let bytes) = value {
                lengths.append(CInt(clamping: bytes.count))
                formats.append(1)
            } else {
                lengths.append(0)
                formats.append(0)
            }
        }
    }

    /// Calls `body` with values, lengths and formats, which are good until it returns.
    func withPointers<Answer>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<CInt>?, UnsafePointer<CInt>?) -> Answer
    ) -> Answer {
        unsafe contents.withPointers { values in
            unsafe lengths.withUnsafeBufferPointer { lengths in
                unsafe formats.withUnsafeBufferPointer { formats in
                    unsafe body(values, lengths.baseAddress, formats.baseAddress)
                }
            }
        }
    }
}
