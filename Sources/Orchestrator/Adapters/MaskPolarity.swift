/// How a vendor marks the part of a picture that is to be painted anew.
public enum MaskPolarity: String, Sendable, Hashable, CaseIterable {
    /// Transparent there, as callers of OpenAI's API send it.
    case alpha
    /// White there, black elsewhere.
    case white
    /// Black there, white elsewhere.
    case black
}
