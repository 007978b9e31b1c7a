import Orchestrator

extension ProviderRequest {
    /// The words to send: the caller's, or for a variation, which has none, a sentence that asks for nothing new.
    var words: String {
        prompt.isEmpty && operation == .variation
            ? "Make a variation of this picture: same subject, style and mood, with different details." : prompt
    }
}
