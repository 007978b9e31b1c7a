/// The grammar of JSON above the level of tokens, building the tree as they come; shared by the parser of whole
/// documents and by the scanner of arriving ones, so that both accept the same language.
///
/// An explicit stack instead of recursion: input decides the depth, and must not decide the use of the thread's stack.
package struct JSONAssembler: Sendable {
    private enum Expectation {
        case value
        case valueOrEnd  // after `[`
        case nameOrEnd  // after `{`
        case name  // after `,` in an object
        case colon
        case commaOrEnd
        case nothing  // the document is complete
    }

    private struct Container {
        let isObject: Bool
        var elements: [JSON] = []
        var members = JSONObject()
        var name = ""
    }

    private let limits: JSONLimits
    private var expectation = Expectation.value
    private var open: [Container] = []
    private var values = 0

    /// The document once it is complete.
    package private(set) var root: JSON?

    package init(limits: JSONLimits) {
        self.limits = limits
    }

    /// Whether a string that comes now is the name of a member.
    package var expectsName: Bool {
        switch expectation {
        case .name, .nameOrEnd: true
        case .value, .valueOrEnd, .colon, .commaOrEnd, .nothing: false
        }
    }

    /// Takes one of `{ } [ ] : ,`; any other byte is a mistake.
    package mutating func accept(_ byte: UInt8, at offset: Int) throws(JSONError) {
        switch (byte, expectation) {
        case (UInt8(ascii: "["), .value), (UInt8(ascii: "["), .valueOrEnd):
            try begin(isObject: false, at: offset)
        case (UInt8(ascii: "{"), .value), (UInt8(ascii: "{"), .valueOrEnd):
            try begin(isObject: true, at: offset)
        case (UInt8(ascii: ":"), .colon):
            expectation = .value
        case (UInt8(ascii: ","), .commaOrEnd):
            expectation = innermostIsObject ? .name : .value
        case (UInt8(ascii: "]"), .valueOrEnd), (UInt8(ascii: "}"), .nameOrEnd):
            endContainer()
        case (UInt8(ascii: "]"), .commaOrEnd) where !innermostIsObject:
            endContainer()
        case (UInt8(ascii: "}"), .commaOrEnd) where innermostIsObject:
            endContainer()
        default:
            throw unexpected(byte, at: offset)
        }
    }

    /// Takes a string, which is a name or a value by where it stands.
    package mutating func accept(string: String, at offset: Int) throws(JSONError) {
        guard expectsName else { return try accept(scalar: .string(string), at: offset) }
        let innermost = open.count - 1
        guard !open[innermost].members.contains(string) else {
            let shown = string.count > 64 ? String(string.prefix(64)) + "…" : string
            throw JSONError(.duplicateName(string), at: offset, "name '\(shown)' occurs twice in one object")
        }
        open[innermost].name = string
        expectation = .colon
    }

    /// Takes a value that is no container.
    package mutating func accept(scalar: JSON, at offset: Int) throws(JSONError) {
        try requireValuePlace(UInt8(ascii: "\""), at: offset)
        try count(at: offset)
        place(scalar)
    }

    /// Throws unless a value may stand here; lets a tokenizer refuse a token by its first byte.
    package func requireValuePlace(_ byte: UInt8, at offset: Int) throws(JSONError) {
        switch expectation {
        case .value, .valueOrEnd: return
        case .nameOrEnd, .name, .colon, .commaOrEnd, .nothing: throw unexpected(byte, at: offset)
        }
    }

    /// Hands out the complete document; throws if the text ended before it.
    package func finish(at offset: Int) throws(JSONError) -> JSON {
        if let root { return root }
        guard values > 0 else { throw JSONError(.empty, at: offset, "the document is empty") }
        throw JSONError(.syntax, at: offset, "the document ends inside an \(innermostIsObject ? "object" : "array")")
    }

    private var innermostIsObject: Bool { open.last?.isObject ?? false }

    private mutating func begin(isObject: Bool, at offset: Int) throws(JSONError) {
        guard open.count < limits.depth else {
            throw JSONError(.depth, at: offset, "arrays and objects nest deeper than \(limits.depth)")
        }
        try count(at: offset)
        open.append(Container(isObject: isObject))
        expectation = isObject ? .nameOrEnd : .valueOrEnd
    }

    private mutating func endContainer() {
        guard let container = open.popLast() else { return }
        place(container.isObject ? .object(container.members) : .array(container.elements))
    }

    private mutating func place(_ value: JSON) {
        guard !open.isEmpty else {
            root = value
            expectation = .nothing
            return
        }
        let innermost = open.count - 1
        if open[innermost].isObject {
            open[innermost].members.appendNew(open[innermost].name, value)
        } else {
            open[innermost].elements.append(value)
        }
        expectation = .commaOrEnd
    }

    private mutating func count(at offset: Int) throws(JSONError) {
        values += 1
        guard values <= limits.values else {
            throw JSONError(.size, at: offset, "the document holds more than \(limits.values) values")
        }
    }

    private func unexpected(_ byte: UInt8, at offset: Int) -> JSONError {
        let found =
            switch byte {
            case UInt8(ascii: "\""): "a string"
            case 0x21..<0x7F: "'\(Character(Unicode.Scalar(byte)))'"
            default: "byte 0x\(String(byte, radix: 16))"
            }
        let expected =
            switch expectation {
            case .value: "a value"
            case .valueOrEnd: "a value or ']'"
            case .nameOrEnd: "a name or '}'"
            case .name: "a name"
            case .colon: "':'"
            case .commaOrEnd: innermostIsObject ? "',' or '}'" : "',' or ']'"
            case .nothing: "the end"
            }
        let kind: JSONError.Kind = expectation == .nothing ? .trailing : .syntax
        return JSONError(kind, at: offset, "found \(found) where \(expected) was expected")
    }
}
