import Orchestrator

extension HTTPAdapter {
    func decode(_ reply: WireReply, to call: VendorCall) throws(ProviderFailure) -> Outcome {
        switch call {
        case .upload:
            guard let upload else { throw .foreignHandle(Self.kind) }
            guard reply.isSuccess else { throw upload.errors.failure(reply, to: call) }
            guard let name = reply.document.flatMap({ upload.name.first(in: $0)?.word }) else {
                throw ProviderFailure(.unavailable(.server(mayRepeat: true)), "a picture was taken but has no name")
            }
            return .uploaded(name)
        case .create(let request, uploads: _):
            guard let declaration = declaration(request.operation, request.model) else {
                throw ProviderFailure(.unavailable(.model), "nothing is declared for '\(request.model)'")
            }
            try checkSuccess(reply, to: call, declaration)
            guard let flow = declaration.work else { return try pictures(in: reply, to: call, declaration) }
            return try begun(reply, request, to: call, flow, declaration)
        case .poll(let handle):
            let (_, flow, declaration) = try declaration(of: handle)
            if flow.state.source != .status { try checkSuccess(reply, to: call, declaration) }
            return try progress(reply, of: handle, to: call, flow, declaration)
        case .collect(let handle):
            let (_, _, declaration) = try declaration(of: handle)
            // The work is done and paid; whoever stands before it may only be busy.
            let isBusy = [429, 502, 503, 504].contains(reply.status)
            if isBusy, declaration.errors.meaning(of: declaration.errors.finding(in: reply)) == nil {
                return .pending(handle, after: reply.retryAfter)
            }
            try checkSuccess(reply, to: call, declaration)
            return try pictures(in: reply, to: call, declaration)
        case .cancel(let handle):
            let (_, _, declaration) = try declaration(of: handle)
            guard reply.isSuccess else { throw declaration.errors.failure(reply, to: call) }
            return .canceled
        }
    }

    /// Throws unless the reply is a success, by its status and by what it says.
    private func checkSuccess(
        _ reply: WireReply,
        to call: VendorCall,
        _ declaration: HTTPDeclaration
    ) throws(ProviderFailure) {
        guard reply.isSuccess else { throw declaration.errors.failure(reply, to: call) }
        if let document = reply.document, declaration.errors.isFailure(document) {
            throw declaration.errors.failure(reply, to: call, otherwise: .failed)
        }
    }

    /// What the answer to the request says: work that has begun, or has ended already.
    private func begun(
        _ reply: WireReply,
        _ request: ProviderRequest,
        to call: VendorCall,
        _ flow: WorkFlow,
        _ declaration: HTTPDeclaration
    ) throws(ProviderFailure) -> Outcome {
        // The status of this answer says whether the request was taken, and nothing of the work.
        let reading = flow.state.source == .status ? .absent : flow.state.reading(of: reply)
        if case .known(.failed(let kind)) = reading {
            throw declaration.errors.failure(reply, to: call, otherwise: kind)
        }
        let isDone = if case .known(.done) = reading { true } else { false }
        if isDone, flow.collect == nil, let document = reply.document {
            let (pictures, filtered) = declaration.result.read(document, base: base)
            if !pictures.isEmpty || filtered > 0 { return try self.pictures(in: reply, to: call, declaration) }
        }
        let handle = try handle(in: reply, request, flow)
        if isDone { return flow.collect == nil ? .pending(handle, after: .zero) : .ready(handle) }
        return .pending(handle, after: reply.retryAfter)
    }

    /// What the answer to a poll says.
    private func progress(
        _ reply: WireReply,
        of handle: VendorHandle,
        to call: VendorCall,
        _ flow: WorkFlow,
        _ declaration: HTTPDeclaration
    ) throws(ProviderFailure) -> Outcome {
        let meaning: StateMap.Meaning
        switch flow.state.reading(of: reply) {
        case .known(let known): meaning = known
        case .unknown where flow.state.source == .status: throw declaration.errors.failure(reply, to: call)
        case .unknown(let word):
            throw ProviderFailure(.unusable, "a state that is not declared: '\(VendorQuote(word))'")
        case .absent:
            guard let absent = flow.state.absent else { throw ProviderFailure(.unusable, "a reply without a state") }
            meaning = absent
        }
        switch meaning {
        case .running: return .pending(handle, after: reply.retryAfter)
        case .done: return flow.collect == nil ? try pictures(in: reply, to: call, declaration) : .ready(handle)
        case .canceled: throw ProviderFailure(.unavailable(.server(mayRepeat: false)), "the vendor stopped the work")
        case .failed(let kind): throw declaration.errors.failure(reply, to: call, otherwise: kind)
        }
    }

    /// The name and the addresses of work that has begun; none to which the credential may not go.
    private func handle(
        in reply: WireReply,
        _ request: ProviderRequest,
        _ flow: WorkFlow
    ) throws(ProviderFailure) -> VendorHandle {
        guard let document = reply.document else { throw ProviderFailure(.unusable, "work without an id") }
        let id = flow.id?.first(in: document)?.word ?? ""
        guard flow.id == nil || (1...256).contains(id.utf8.count) else {
            throw ProviderFailure(.unusable, "work without an id")
        }
        let ticket = WorkTicket(operation: request.operation, model: request.model, id: id)
        var handle = VendorHandle(id: ticket.text, pollURL: try address(flow.poll, ticket, document, "poll"))
        if let collect = flow.collect { handle.collectURL = try address(collect, ticket, document, "result") }
        // Work that cannot be stopped can still be waited for.
        if let cancel = flow.cancel { handle.cancelURL = try? address(cancel, ticket, document, "cancel") }
        return handle
    }

    private func address(
        _ call: CallTemplate,
        _ ticket: WorkTicket,
        _ document: JSON,
        _ what: String
    ) throws(ProviderFailure) -> String {
        let values = WorkValues(ticket: ticket)
        switch call.address {
        case .path:
            guard let target = try call.target(values) else { throw .foreignHandle(Self.kind) }
            return base.appending(target)
        case .reply(let pointer):
            guard let text = pointer.first(in: document)?.string else {
                throw ProviderFailure(.unusable, "work without a \(what) address")
            }
            let query = try CallTemplate.query(call.query, values)
            return try hosts.address(
                text.contains("?") ? text + query.replacing("?", with: "&") : text + query,
                of: what
            )
        }
    }

    private func pictures(
        in reply: WireReply,
        to call: VendorCall,
        _ declaration: HTTPDeclaration
    ) throws(ProviderFailure) -> Outcome {
        if case .picture(let blob) = reply.body { return .pictures([VendorPicture(.blob(blob))], usage: nil) }
        guard let document = reply.document else { throw ProviderFailure(.unusable, "a success without a document") }
        let (pictures, filtered) = declaration.result.read(document, base: base)
        guard !pictures.isEmpty else {
            var failure = declaration.errors.failure(
                reply,
                to: call,
                otherwise: filtered > 0 ? .refused : .unusable
            )
            failure.isBilled = filtered > 0 && declaration.result.billsFiltered ? true : nil
            throw failure
        }
        return .pictures(pictures, usage: declaration.result.usage.read(document))
    }
}
