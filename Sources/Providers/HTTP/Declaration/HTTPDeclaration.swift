import Orchestrator

/// How one model of one vendor is asked for one operation, as the file declares it.
struct HTTPDeclaration: Sendable {
    var request: CallTemplate
    var declared: [DeclaredValue] = []
    /// Nil: the reply to the request is the result.
    var work: WorkFlow?
    var result: ResultReader
    var errors = ErrorTable()
    var maskPolarity = MaskPolarity.alpha
    /// Every variable that the request names, also by way of declared values.
    var variables: Set<Variable> = []

    /// Whether the request puts the bytes of pictures into a document or text.
    var readsPictures: Bool { variables.contains(where: \.isText) }

    /// Which pictures have to be handed over before the request.
    func uploads(of request: ProviderRequest) -> [InputImage] {
        let values = RequestValues(request: request, uploads: [:], declared: [])
        var digests: Set<String> = []
        return variables.flatMap { variable -> [InputImage] in
            switch variable {
            // Within `$each` the current one is each of them.
            case .picture(.current, .uploaded): values.pictures(.all)
            case .picture(let choice, .uploaded): values.pictures(choice)
            case .picture, .field, .declared, .workID, .item: []
            }
        }.filter { digests.insert($0.digest).inserted }
    }
}

/// How a vendor does work that outlives a call.
struct WorkFlow: Sendable {
    /// Where the reply to the request says the work's id.
    var id: Pointer?
    var poll: CallTemplate
    var state: StateMap
    /// Nil: the reply to the last poll is the result.
    var collect: CallTemplate?
    var cancel: CallTemplate?
}

/// How a picture is handed over before the request.
struct UploadFlow: Sendable {
    var call: CallTemplate
    /// Where the reply says the picture's name.
    var name: Pointer
    var errors = ErrorTable()
    /// Whether the call puts the bytes of pictures into a document or text.
    var readsPictures = false
}
