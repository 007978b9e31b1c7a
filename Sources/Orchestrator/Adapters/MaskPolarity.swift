/// How a mask says which part of a picture shall change.
public enum MaskPolarity: String, Sendable, Hashable, CaseIterable {
    /// Transparent pixels change, as in OpenAI's API and in every request to this daemon.
    case alpha
    /// White pixels change and black ones stay.
    case white
    /// Black pixels change and white ones stay.
    case black
}
