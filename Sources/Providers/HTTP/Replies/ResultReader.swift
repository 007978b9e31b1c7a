import Orchestrator

/// Where the pictures of a finished reply are, and what else it says of each.
struct ResultReader: Sendable {
    /// What the value of a picture is.
    enum Form: String, Sendable, CaseIterable {
        /// An address if it looks like one, else base64, with or without a `data:` head.
        case auto
        case base64
        case url
    }

    /// A sign that a picture was held back.
    struct Filter: Sendable {
        var pointer: Pointer
        /// The values that mean it; nil: any but `null`.
        var values: [String]?
    }

    /// Whether the whole body is one picture.
    var isBody = false
    /// One match a picture.
    var items: Pointer?
    /// From the item.
    var picture: Pointer?
    /// The picture's address, made of what the item says.
    var address: Template?
    var query: [CallTemplate.Field] = []
    var form = Form.auto
    /// Whether an address at the provider's own origin is called with the credential.
    var isAuthenticated = false
    var filters: [Filter] = []
    /// Whether pictures that were held back are paid all the same.
    var billsFiltered = false
    var seed: Pointer?
    var revisedPrompt: Pointer?
    var usage = UsageReader()

    /// The pictures of a document, and how many were held back.
    func read(_ document: JSON, base: BaseURL) -> (pictures: [VendorPicture], filtered: Int) {
        var pictures: [VendorPicture] = []
        var filtered = 0
        for item in items?.matches(in: document) ?? [] {
            if filters.contains(where: { $0.isHeldBack(item, in: document) }) {
                filtered += 1
            } else if let source = source(of: item.value, base) {
                var picture = VendorPicture(source)
                picture.seed = seed?.value(of: item, in: document)?.word.flatMap { UInt64($0) }
                picture.revisedPrompt = revisedPrompt?.value(of: item, in: document)?.string
                pictures.append(picture)
            }
        }
        return (pictures, filtered)
    }

    private func source(of item: JSON, _ base: BaseURL) -> VendorPicture.Source? {
        if let address {
            let values = ItemValues(item: item)
            guard let path = try? address.path(values), let query = try? CallTemplate.query(query, values) else {
                return nil
            }
            return .url(base.appending(path + query), authenticated: isAuthenticated)
        }
        switch picture.flatMap({ $0.first(in: item) }) {
        case .blob(let blob): return .blob(blob)
        case .string(let text) where !text.isEmpty:
            let isAddress = text.hasPrefix("https://") || text.hasPrefix("http://")
            guard form == .url || form == .auto && isAddress else { return .base64(text) }
            if text.hasPrefix("data:") { return .base64(text) }
            return base.resolving(text).map { .url($0, authenticated: isAuthenticated && base.isOrigin(of: $0)) }
        case .string, .null, .bool, .number, .array, .object, nil: return nil
        }
    }
}

extension ResultReader.Filter {
    fileprivate func isHeldBack(_ item: Pointer.Match, in document: JSON) -> Bool {
        guard let value = pointer.value(of: item, in: document) else { return false }
        guard let values else { return true }
        return value.word.map(values.contains) ?? false
    }
}

/// Where a vendor counts the tokens of a call.
struct UsageReader: Sendable {
    var textInput: Pointer?
    var imageInput: Pointer?
    var imageOutput: Pointer?
    var textOutput: Pointer?

    /// Nil where the reply counts nothing of what is declared.
    func read(_ document: JSON) -> TokenUsage? {
        var isStated = false
        func count(_ pointer: Pointer?) -> Int {
            let numbers = pointer?.values(in: document).compactMap(\.int).filter { (0...1 << 40).contains($0) } ?? []
            isStated = isStated || !numbers.isEmpty
            return numbers.reduce(0, +)
        }
        let usage = TokenUsage(
            textInput: count(textInput),
            imageInput: count(imageInput),
            imageOutput: count(imageOutput),
            textOutput: count(textOutput)
        )
        return isStated ? usage : nil
    }
}
