import Orchestrator

/// Reads the token counts of a reply.
enum OpenAIUsage {
    /// Nil where there are none, or where they cannot be: settling then falls back to the registry's price.
    static func read(_ usage: JSON?, to call: VendorCall) -> TokenUsage? {
        guard let usage, let input = usage["input_tokens"]?.int, let output = usage["output_tokens"]?.int,
            input >= 0, output >= 0
        else { return nil }
        var tokens = TokenUsage()
        let details = usage["input_tokens_details"]
        if let text = details?["text_tokens"]?.int, let image = details?["image_tokens"]?.int, text >= 0, image >= 0 {
            tokens.textInput = text
            tokens.imageInput = image
        } else if hasPictures(call) {
            // Unsplit: the dearer rate.
            tokens.imageInput = input
        } else {
            tokens.textInput = input
        }
        // The split of the output is often missing; then all of it is pictures, which is what the vendor bills.
        let split = usage["output_tokens_details"]
        if let text = split?["text_tokens"]?.int, let image = split?["image_tokens"]?.int, text >= 0, image >= 0,
            text.addingReportingOverflow(image) == (output, false)
        {
            tokens.textOutput = text
            tokens.imageOutput = image
        } else {
            tokens.imageOutput = output
        }
        return tokens
    }

    private static func hasPictures(_ call: VendorCall) -> Bool {
        switch call {
        case .create(let request, uploads: _): !request.references.isEmpty
        case .upload, .poll, .collect, .cancel: false
        }
    }
}
