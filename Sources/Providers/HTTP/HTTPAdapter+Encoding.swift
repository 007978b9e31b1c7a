import Orchestrator

extension HTTPAdapter {
    func encode(_ call: VendorCall) throws(ProviderFailure) -> WireRequest {
        switch call {
        case .upload(let picture):
            guard let upload else { throw .foreignHandle(Self.kind) }
            var request = ProviderRequest(model: "", operation: .edit, prompt: "", tier: .low, timeLimit: .zero)
            request.references = [picture]
            return try wire(upload.call, RequestValues(request: request, uploads: [:], declared: []), reply: .document)
        case .create(let request, let uploads):
            guard let declaration = declaration(request.operation, request.model) else {
                throw ProviderFailure(.unavailable(.model), "nothing is declared for '\(request.model)'")
            }
            let values = RequestValues(request: request, uploads: uploads, declared: declaration.declared)
            let isPicture = declaration.work == nil && declaration.result.isBody
            return try wire(declaration.request, values, reply: isPicture ? .picture : .document)
        case .poll(let handle):
            // A picture, where the last poll brings it, comes under its own media type.
            let (ticket, flow, _) = try declaration(of: handle)
            return try follow(flow.poll, handle.pollURL, ticket, "poll")
        case .collect(let handle):
            let (ticket, flow, declaration) = try declaration(of: handle)
            guard let collect = flow.collect, let url = handle.collectURL else { throw .foreignHandle(Self.kind) }
            var wire = try follow(collect, url, ticket, "result")
            if declaration.result.isBody { wire.reply = .picture }
            return wire
        case .cancel(let handle):
            let (ticket, flow, _) = try declaration(of: handle)
            guard let cancel = flow.cancel, let url = handle.cancelURL else { throw .foreignHandle(Self.kind) }
            return try follow(cancel, url, ticket, "cancel")
        }
    }

    private func wire(
        _ call: CallTemplate,
        _ values: RequestValues,
        reply: ReplyKind
    ) throws(ProviderFailure) -> WireRequest {
        guard let target = try call.target(values) else { throw .foreignHandle(Self.kind) }
        var wire = WireRequest(call.method, base.appending(target), authentication: authentication, reply: reply)
        wire.headers = try call.headers(values)
        switch call.body {
        case .none: break
        case .form(let form): wire.body = .form(try form.parts(values))
        case .json(let body):
            let document = try body.value(values) ?? .object([:])
            let parameters = values.request.parameters
            wire.body = .json(parameters.isEmpty ? document : document.patched(with: .object(parameters)))
        }
        return wire
    }

    /// A call about work under way, at the address that the handle keeps; records may be older than the declaration, so
    /// the address is judged again before the credential goes there.
    private func follow(
        _ call: CallTemplate,
        _ url: String,
        _ ticket: WorkTicket,
        _ what: String
    ) throws(ProviderFailure) -> WireRequest {
        let values = WorkValues(ticket: ticket)
        let address = try hosts.address(url, of: what)
        var wire = WireRequest(call.method, address, authentication: authentication)
        wire.headers = try call.headers(values)
        return wire
    }
}
