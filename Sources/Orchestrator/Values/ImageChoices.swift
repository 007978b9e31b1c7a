/// What a caller wants done.
public enum Operation: String, Sendable, Hashable, CaseIterable {
    /// A picture from words alone.
    case generate
    /// A picture from words and reference pictures.
    case edit
    /// More pictures like a given one, without words.
    case variation
}

/// A step of quality, lowest first; every model has some of them.
public enum Tier: String, Sendable, Hashable, CaseIterable, Comparable {
    case low, medium, high, xhigh, max

    /// Orders by quality.
    public static func < (a: Tier, b: Tier) -> Bool { a.rank < b.rank }

    private var rank: Int {
        switch self {
        case .low: 0
        case .medium: 1
        case .high: 2
        case .xhigh: 3
        case .max: 4
        }
    }
}

/// The quality that a caller asked for.
public enum Quality: Sendable, Hashable {
    /// The policy decides: its cheapest or its best tier.
    case auto
    /// This tier and no other.
    case tier(Tier)

    /// Reads the wire word; `standard` and `hd` are what clients of older models send.
    public init?(_ word: String) {
        switch word {
        case "auto": self = .auto
        case "standard": self = .tier(.medium)
        case "hd": self = .tier(.high)
        default:
            guard let tier = Tier(rawValue: word) else { return nil }
            self = .tier(tier)
        }
    }
}

/// What is behind the subject of a picture.
public enum Background: String, Sendable, Hashable, CaseIterable {
    case auto, transparent, opaque
}

/// How strictly a vendor's own filter judges.
public enum ModerationLevel: String, Sendable, Hashable, CaseIterable {
    case auto, low
}

/// How far a request may be changed so that a vendor can serve it.
public enum Fidelity: String, Sendable, Hashable, CaseIterable {
    /// Only vendors that do everything asked natively.
    case strict
    /// Formats may be converted, sizes mapped within their ratio, counts split; soft fields dropped.
    case adapt
    /// Also fields that change the picture (seed, negative prompt) may be dropped.
    case bestEffort = "best_effort"
}

/// An ability that a model may have beyond making pictures.
public enum Feature: String, Sendable, Hashable, CaseIterable {
    case transparency
    case seed
    case negativePrompt = "negative_prompt"
    case style
    case moderation
    case compression
    case user
}

/// The shape of one picture, in the words in which a vendor is asked for it.
public enum Shape: Sendable, Hashable {
    /// The vendor's own choice.
    case automatic
    /// Exactly these pixels.
    case size(PixelSize)
    /// A ratio; the vendor chooses the pixels.
    case ratio(AspectRatio)
}
