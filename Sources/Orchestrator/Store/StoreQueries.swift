/// Which jobs to list.
package struct JobQuery: Sendable {
    package var owner: UserID?
    /// The last one already seen; older ones follow.
    package var after: JobID?
    package var status: JobStatus?
    /// As in the request's `model`, or a served `provider/model`.
    package var model: String?
    /// Somewhere in the prompt, in any case as far as letters are ASCII.
    package var text: String?
    /// Created at this moment or later.
    package var from: Timestamp?
    /// Created before this moment.
    package var to: Timestamp?
    /// 1...100.
    package var limit = 20

    package init() {}
}

/// Which pictures to list.
package struct ImageQuery: Sendable {
    /// Of this owner; nil: of everybody.
    package var owner: UserID?
    package var publicOnly = true
    /// Somewhere in the prompt, in any case as far as letters are ASCII.
    package var text: String?
    /// What made it: a model, or `provider/model`.
    package var model: String?
    /// Made at this moment or later.
    package var from: Timestamp?
    /// Made before this moment.
    package var to: Timestamp?
    /// The last one already seen.
    package var after: ImageID?
    /// Skipped from the newest; for page numbers.
    package var offset = 0
    /// 1...100.
    package var limit = 20

    package init() {}

    /// Whether some of the pictures that may be seen are left out.
    package var isNarrowed: Bool { text != nil || model != nil || from != nil || to != nil }
}

/// A picture with what its job says of it.
package struct StoredImage: Sendable {
    package var image: ImageRecord
    package var prompt: String
    package var operation: Operation
    /// The request's free data and its caller's tag: for the owner's eyes.
    package var metadata: JSON?
    package var user: String?

    package init(image: ImageRecord, prompt: String, operation: Operation, metadata: JSON?, user: String? = nil) {
        self.image = image
        self.prompt = prompt
        self.operation = operation
        self.metadata = metadata
        self.user = user
    }
}
