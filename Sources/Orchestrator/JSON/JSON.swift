/// One JSON document, or a part of one, as a value: what adapters build requests from and read replies as.
///
/// Objects keep the order of their members and numbers keep their literal, so a document that was parsed and
/// serialised again differs only in white space and escapes. There is no float literal on purpose: a price written as
/// `0.04` in code would pass through binary floating point; use ``init(_:)-(Double)`` where that is wanted.
public enum JSON: Sendable, Hashable {
    /// The literal `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number, with its literal text.
    case number(JSONNumber)
    /// A string, decoded.
    case string(String)
    /// An array.
    case array([JSON])
    /// An object, its members in the order of the document.
    case object(JSONObject)
    /// A long base64 string that was decoded to a sink while the document arrived; never produced by ``init(parsing:limits:)``.
    case blob(BlobID)
}

/// Names one base64 string that was decoded to a sink while its document arrived.
public struct BlobID: Sendable, Hashable {
    /// The position among the blobs of one document, from 0, in the order of the document.
    public let index: Int

    /// Names the blob at `index`, counted from 0.
    public init(index: Int) {
        self.index = index
    }
}

// MARK: - Reading

extension JSON {
    /// The text of a string, else `nil`.
    public var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// The value of `true` or `false`, else `nil`; numbers and strings are never taken for truth values.
    public var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The number with its literal, else `nil`.
    public var number: JSONNumber? {
        if case .number(let value) = self { value } else { nil }
    }

    /// The number as an integer, if it is one exactly (see ``JSONNumber/int64``), else `nil`.
    public var int: Int? {
        number?.int64.map(Int.init)
    }

    /// The number as the nearest binary floating-point number, else `nil`; not for money.
    public var double: Double? {
        number?.double
    }

    /// The elements of an array, else `nil`.
    public var array: [JSON]? {
        if case .array(let value) = self { value } else { nil }
    }

    /// The members of an object, else `nil`.
    public var object: JSONObject? {
        if case .object(let value) = self { value } else { nil }
    }

    /// The identity of a decoded base64 string, else `nil`.
    public var blob: BlobID? {
        if case .blob(let value) = self { value } else { nil }
    }

    /// Whether this is the literal `null`.
    public var isNull: Bool {
        self == .null
    }

    /// The member called `key` of an object; `nil` if there is none or this is no object.
    public subscript(key: String) -> JSON? {
        object?[key]
    }

    /// The element at `index` of an array; `nil` outside its bounds or if this is no array.
    public subscript(index: Int) -> JSON? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    /// The value that a JSON pointer (RFC 6901) leads to, `""` being the whole document; `nil` if it leads nowhere or
    /// is malformed.
    public func value(at pointer: String) -> JSON? {
        guard !pointer.isEmpty else { return self }
        var here = self
        guard pointer.utf8.first == UInt8(ascii: "/") else { return nil }
        for token in pointer.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard let name = JSON.unescapedPointerToken(token), let next = here.member(name) else { return nil }
            here = next
        }
        return here
    }

    private func member(_ token: String) -> JSON? {
        switch self {
        case .object(let object):
            return object[token]
        case .array(let elements):
            // RFC 6901 section 4: an index has no leading zero and no sign.
            guard token == "0" || token.utf8.first != UInt8(ascii: "0"),
                token.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
                let index = Int(token), elements.indices.contains(index)
            else { return nil }
            return elements[index]
        case .null, .bool, .number, .string, .blob:
            return nil
        }
    }

    /// Turns `~1` into `/` and `~0` into `~`; `nil` for any other use of `~`.
    private static func unescapedPointerToken(_ token: some Collection<UInt8>) -> String? {
        var plain: [UInt8] = []
        var rest = token.makeIterator()
        while let byte = rest.next() {
            guard byte == UInt8(ascii: "~") else {
                plain.append(byte)
                continue
            }
            switch rest.next() {
            case UInt8(ascii: "0"): plain.append(UInt8(ascii: "~"))
            case UInt8(ascii: "1"): plain.append(UInt8(ascii: "/"))
            default: return nil
            }
        }
        return String(decoding: plain, as: UTF8.self)
    }
}

// MARK: - Building

extension JSON {
    /// Makes a number of an integer.
    public init(_ value: some FixedWidthInteger & SignedInteger) {
        self = .number(JSONNumber(Int64(value)))
    }

    /// Makes a number of a floating-point value, in the shortest literal that reads back as the same value; infinities
    /// and not-a-number, for which JSON has no literal, become `null`.
    public init(_ value: Double) {
        self = JSONNumber(value).map(JSON.number) ?? .null
    }
}

extension JSON: ExpressibleByStringInterpolation {
    /// Makes a string.
    public init(stringLiteral value: String) {
        self = .string(value)
    }
}

extension JSON: ExpressibleByIntegerLiteral {
    /// Makes a number.
    public init(integerLiteral value: Int64) {
        self = .number(JSONNumber(value))
    }
}

extension JSON: ExpressibleByBooleanLiteral {
    /// Makes `true` or `false`.
    public init(booleanLiteral value: Bool) {
        self = .bool(value)
    }
}

extension JSON: ExpressibleByNilLiteral {
    /// Makes `null`.
    public init(nilLiteral: ()) {
        self = .null
    }
}

extension JSON: ExpressibleByArrayLiteral {
    /// Makes an array.
    public init(arrayLiteral elements: JSON...) {
        self = .array(elements)
    }
}

extension JSON: ExpressibleByDictionaryLiteral {
    /// Makes an object whose members keep the order written; a name written twice traps.
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(JSONObject(elements))
    }
}
