/// Why a text is not accepted as JSON, and where.
public struct JSONError: Error, Sendable, Equatable {
    /// The class of the mistake.
    public enum Kind: Sendable, Equatable {
        /// There is nothing but white space.
        case empty
        /// The text breaks the grammar of RFC 8259, or ends too early.
        case syntax
        /// Arrays and objects nest deeper than ``JSONLimits/depth``.
        case depth
        /// An object names a member twice.
        case duplicateName(String)
        /// A string is not valid UTF-8.
        case invalidUTF8
        /// A `\u` escape is half of a surrogate pair.
        case surrogate
        /// A string holds U+0000 although ``JSONLimits/allowsNUL`` is not set.
        case nul
        /// Something follows the end of the document.
        case trailing
        /// One of the other limits is exceeded.
        case size
    }

    /// The class of the mistake.
    public var kind: Kind
    /// Where it was found: bytes from the start of the text, from 0.
    public var offset: Int
    /// What is wrong, for people; holds no more of the text than a short name.
    public var message: String

    package init(_ kind: Kind, at offset: Int, _ message: String) {
        self.kind = kind
        self.offset = offset
        self.message = message
    }
}

extension JSONError: CustomStringConvertible {
    /// The message with its place.
    public var description: String { "\(message) at byte \(offset)" }
}
