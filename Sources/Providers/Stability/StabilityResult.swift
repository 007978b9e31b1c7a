import Orchestrator

/// The picture of a finished call, as JSON or as bytes with the facts in headers.
struct StabilityResult {
    let picture: VendorPicture

    init(_ reply: WireReply) throws(ProviderFailure) {
        let reason: String?
        let picture: VendorPicture?
        switch reply.body {
        case .picture(let blob):
            reason = reply.header("finish-reason")
            picture = VendorPicture(.blob(blob), seed: reply.header("seed").flatMap { UInt64($0) })
        case .document(let document):
            reason = document["finish_reason"]?.string
            let seed = document["seed"]?.int.flatMap { UInt64(exactly: $0) }
            // `result` is how stored results were seen to name it.
            picture = VendorPicture.inline(document["image"] ?? document["result"], seed: seed)
        case .text:
            reason = nil
            picture = nil
        }
        // The picture came out but was blurred: a refusal with status 200.
        if reason == "CONTENT_FILTERED" {
            throw ProviderFailure(.refused, "stability's output filter", code: reason)
        }
        guard let picture, reason == nil || reason == "SUCCESS" else {
            throw ProviderFailure(
                .unusable,
                "a success without a picture, finish reason \(VendorQuote(reason ?? "none"))",
                code: reason
            )
        }
        self.picture = picture
    }
}
