extension JSON {
    package static func integer(_ value: some BinaryInteger) -> JSON { .number(JSONNumber(Int64(value))) }
    package static func text(_ value: (some CustomStringConvertible)?) -> JSON {
        value.map { .string("\($0)") } ?? .null
    }
}
