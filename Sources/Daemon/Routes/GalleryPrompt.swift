import Orchestrator

/// The prompt of a gallery request, held to the gallery worker's bounds.
struct GalleryPrompt {
    /// The most bytes that a request's body may have.
    static let longestBody = 10_000
    /// After trimming, in Unicode scalars, as every length of this interface counts.
    private static let lengths = 3...500

    /// Without white space around it.
    let text: String

    /// Throws `invalid_prompt` and `prompt_too_long`.
    init(_ fields: JSONObject) throws(APIError) {
        guard let prompt = fields["prompt"]?.string else { throw Self.refusal("invalid_prompt", "must be a string") }
        var scalars = prompt.unicodeScalars[...]
        while scalars.first?.properties.isWhitespace == true { scalars.removeFirst() }
        while scalars.last?.properties.isWhitespace == true { scalars.removeLast() }
        guard scalars.count >= Self.lengths.lowerBound else {
            throw Self.refusal("invalid_prompt", "must have at least \(Self.lengths.lowerBound) characters")
        }
        guard scalars.count <= Self.lengths.upperBound else {
            throw Self.refusal("prompt_too_long", "must have at most \(Self.lengths.upperBound) characters")
        }
        guard !scalars.contains("\0") else { throw Self.refusal("invalid_prompt", "must not contain U+0000") }
        text = String(scalars)
    }

    private static func refusal(_ code: String, _ rule: String) -> APIError {
        APIError(400, .invalidRequest, code, "the prompt \(rule)", param: "prompt")
    }
}
