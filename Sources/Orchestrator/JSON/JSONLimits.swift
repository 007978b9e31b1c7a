/// What a JSON document may cost before it is refused; the size of the text itself is the caller's to bound.
public struct JSONLimits: Sendable, Hashable {
    /// How deep arrays and objects may nest.
    public var depth: Int
    /// How many values (members, elements and containers) one document may hold: two bytes of text, as in `1,`, become
    /// some forty bytes of memory.
    public var values: Int
    /// How long one number literal may be, in bytes.
    public var numberBytes: Int
    /// Whether a string may hold U+0000, which JSON allows but databases and C libraries do not.
    public var allowsNUL: Bool

    /// Sets the limits; the defaults suit requests and vendor replies.
    public init(depth: Int = 64, values: Int = 1_000_000, numberBytes: Int = 256, allowsNUL: Bool = false) {
        self.depth = depth
        self.values = values
        self.numberBytes = numberBytes
        self.allowsNUL = allowsNUL
    }
}
