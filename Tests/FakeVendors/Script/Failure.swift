/// The errors that the vendors document; each vendor has those of its own list.
package enum Failure: Sendable, Hashable, CaseIterable {
    /// A parameter is wrong.
    case badRequest
    /// The key is missing, wrong or revoked.
    case badKey
    /// OpenAI: the organization is not verified for the model.
    case notVerified
    /// The model is unknown or shut down.
    case modelGone
    /// Replicate: the version is unknown or private.
    case versionGone
    /// OpenAI `insufficient_quota`, Stability `payment_required`, Replicate `Insufficient credit`.
    case insufficientQuota
    /// OpenAI: money again, under four other codes, status 429.
    case creditExhausted, organizationUsageLimit, organizationSpendLimit, projectSpendLimit
    /// OpenAI: money with status 400.
    case billingHardLimit
    case rateLimited
    /// OpenAI: too sudden a ramp.
    case slowDown
    case server
    case overloaded
    /// The request, or what would be drawn, is against the vendor's content policy.
    case moderation
    /// OpenAI: the same in the words of the dall-e days.
    case contentPolicy
    /// Stability: the prompt is not English.
    case invalidLanguage
    /// Stability: the prompt names somebody known.
    case publicFigure
    case payloadTooLarge
    /// Replicate, all inside a run whose HTTP status is a success.
    case runFailed, runOutOfMemory, runSensitive, runNSFW, runCanceled, runAborted
}
