import Orchestrator

/// Any vendor whose API `providers.yaml` itself declares: templates make the calls, pointers and tables read the replies.
struct HTTPAdapter: ProviderAdapter {
    static let kind = "http"
    static let providerKeys: Set<String> = [DeclarationReader.key]
    static let modelKeys: Set<String> = [DeclarationReader.key]
    static let keySchemas: [String: JSON] = [DeclarationReader.key: DeclarationKeys.provider.schema]

    let authentication: Authentication
    let base: BaseURL
    let hosts: HostList
    let upload: UploadFlow?
    private let declarations: [String: [Orchestrator.Operation: HTTPDeclaration]]

    static func mistakes(in node: ConfigNode) -> [ConfigError] { DeclarationReader.read(node).mistakes }

    init(_ node: ConfigNode) throws(ConfigError) {
        base = try BaseURL(node, standard: "")
        let (reading, mistakes) = DeclarationReader.read(node)
        if let first = mistakes.first { throw first }
        authentication = reading.authentication
        hosts = HostList(base, reading.hosts)
        upload = reading.upload
        declarations = reading.declarations
    }

    /// What a model's templates can say; its operations, shapes and counts are the file's to state.
    func knownCapabilities(of model: String) -> ModelCapabilities? {
        guard let declared = declarations[model], !declared.isEmpty else { return nil }
        let variables = declared.values.reduce(into: Set<Variable>()) { $0.formUnion($1.variables) }
        var capabilities = ModelCapabilities(operations: Set(declared.keys))
        let features: [(Feature, RequestField)] = [
            (.seed, .seed), (.negativePrompt, .negativePrompt), (.style, .style), (.moderation, .moderation),
            (.compression, .compression), (.user, .user),
        ]
        capabilities.features = Set(features.filter { variables.contains(.field($0.1)) }.map { $0.0 })
        capabilities.maskPolarity = declared[.edit]?.maskPolarity ?? .alpha
        return capabilities
    }

    func readsPictures(of request: ProviderRequest) -> Bool {
        guard let declaration = declaration(request.operation, request.model) else { return false }
        return declaration.readsPictures || upload?.readsPictures == true && !uploads(for: request).isEmpty
    }

    func uploads(for request: ProviderRequest) -> [InputImage] {
        upload == nil ? [] : declaration(request.operation, request.model)?.uploads(of: request) ?? []
    }

    func declaration(_ operation: Orchestrator.Operation, _ model: String) -> HTTPDeclaration? {
        declarations[model]?[operation]
    }

    /// The declaration of work under way.
    func declaration(
        of handle: VendorHandle
    ) throws(ProviderFailure) -> (ticket: WorkTicket, flow: WorkFlow, declaration: HTTPDeclaration) {
        guard let ticket = WorkTicket(handle), let declaration = declaration(ticket.operation, ticket.model),
            let flow = declaration.work
        else { throw .foreignHandle(Self.kind) }
        return (ticket, flow, declaration)
    }
}
