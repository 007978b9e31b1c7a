/// A credential: it can be used where one is needed, and shows itself nowhere else.
public struct Secret: Sendable, Hashable {
    private let text: String

    /// Wraps a credential's text.
    public init(_ text: String) {
        self.text = text
    }

    /// The text itself, for the one header or computation that needs it.
    public func reveal() -> String { text }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always `[secret]`.
    public var description: String { "[secret]" }
    /// Always `[secret]`.
    public var debugDescription: String { "[secret]" }
    /// Nothing to look at.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
