/// A request as a preview takes it: pictures as numbers and flags instead of files.
package struct ExplainRequest: Sendable {
    package var request: ImageRequest

    /// Reads the body of an explain call; an operation that is not named is an edit where there are references.
    package init(_ fields: JSONObject) throws(APIError) {
        let reader = FieldReader(fields)
        let references = try reader.integer("references", in: 0...ImageRequest.mostReferences) ?? 0
        let hasMask = try reader.bool("mask") ?? false
        let operation = try reader.choice("operation", Operation.self) ?? (references > 0 ? .edit : .generate)
        request = try ImageRequest(operation, fields: fields)
        let count = operation == .generate ? 0 : max(references, 1)
        request.references = (0..<count).map { Self.stand(in: "reference-\($0 + 1)", hasAlpha: false) }
        if hasMask { request.mask = Self.stand(in: "mask", hasAlpha: true) }
    }

    /// A picture that is not there; its bytes are never sent.
    private static func stand(in digest: String, hasAlpha: Bool) -> InputImage {
        InputImage(source: .bytes([]), format: .png, size: .usual, hasAlpha: hasAlpha, digest: digest)
    }
}
