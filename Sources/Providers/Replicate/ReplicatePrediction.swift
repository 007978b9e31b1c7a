import Orchestrator

/// A prediction object, judged by its `status` and `output` and never by the HTTP status that brought it.
struct ReplicatePrediction {
    private let status: String
    private let error: String
    private let dataRemoved: Bool
    private let pictures: [VendorPicture]
    private let handle: VendorHandle?

    init(_ document: JSON, base: BaseURL) {
        status = document["status"]?.string ?? ""
        error = document["error"]?.string ?? ""
        dataRemoved = document["data_removed"]?.bool ?? false
        let output = document["output"]
        pictures = (output?.array ?? [output].compactMap { $0 }).compactMap { Self.picture($0, base) }
        handle = document["id"]?.string.flatMap { id in
            guard VendorHandle.isPlain(id) else { return nil }
            // The key goes where these point, so an address at another origin is replaced by our own.
            let own = base.appending("/predictions/\(id)")
            let given = [document["urls"]?["get"]?.string, document["urls"]?["cancel"]?.string].map { url in
                url.flatMap { base.isOrigin(of: $0) ? $0 : nil }
            }
            return VendorHandle(id: id, pollURL: given[0] ?? own, cancelURL: given[1] ?? own + "/cancel")
        }
    }

    func outcome(of call: VendorCall) throws(ProviderFailure) -> Outcome {
        switch status {
        case "succeeded":
            return try finished()
        case "failed":
            throw failure
        case "canceled", "aborted":
            if case .cancel = call { return .canceled }
            throw ProviderFailure(.unavailable(.server(mayRepeat: false)), "replicate \(status) the run", code: status)
        case "starting", "processing":
            // An answer that was held back may bring its output and still say `processing`.
            if case .create(let request, uploads: _) = call, status == "processing", pictures.count >= request.count {
                return try finished()
            }
            guard let handle else { throw ProviderFailure(.unusable, "a run without an id") }
            return .pending(handle, after: nil)
        default:
            throw ProviderFailure(.unusable, "a run of unknown state '\(VendorQuote(status))'")
        }
    }

    private func finished() throws(ProviderFailure) -> Outcome {
        guard !pictures.isEmpty else {
            throw ProviderFailure(.unusable, dataRemoved ? "the output has been removed" : "a run without output")
        }
        return .pictures(pictures, usage: nil)
    }

    /// A failed run: free text, in which moderation is told by code or by word.
    private var failure: ProviderFailure {
        let text = error.lowercased()
        let refused = ["e005", "nsfw", "flagged", "sensitive", "safety", "moderat", "content policy", "prohibited"]
        let kind: FailureKind =
            refused.contains { text.contains($0) } ? .refused : .unavailable(.server(mayRepeat: false))
        return ProviderFailure(kind, "replicate failed the run: \(VendorQuote(error))", code: Self.code(in: error))
    }

    /// The `E` and digits in parentheses that many texts end in.
    private static func code(in text: String) -> String? {
        let parts: [Substring] = text.split { character in character == "(" || character == ")" }
        let code = parts.last { part in
            part.first == "E" && part.count > 3 && part.dropFirst().allSatisfy(\.isNumber)
        }
        return code.map { String($0) }
    }

    private static func picture(_ output: JSON, _ base: BaseURL) -> VendorPicture? {
        switch output {
        case .blob(let blob): return VendorPicture(.blob(blob))
        case .string(let text) where text.hasPrefix("data:"): return VendorPicture(.base64(text))
        case .string(let url) where WebOrigin(of: url) != nil:
            return VendorPicture(.url(url, authenticated: base.isOrigin(of: url)))
        case .null, .bool, .number, .string, .array, .object: return nil
        }
    }
}
