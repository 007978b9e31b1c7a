import Orchestrator

extension Exchange {
    /// Notes in the audit trail what the caller has just done; `actor` where nobody was known before. No secrets.
    func audit(_ action: String, _ subject: String, by actor: UserID? = nil, _ detail: JSONObject = [:]) async {
        var detail = detail
        if let key = caller?.key { detail["key_id"] = .string(key.id.text) }
        detail["request_id"] = .string(id)
        await service.audit(action, subject, by: caller?.user.id ?? actor, detail)
    }
}

extension Service {
    /// Notes an act in the audit trail; nil is the daemon or its operator. The act has happened: where the note cannot be
    /// written, the log has it.
    func audit(_ action: String, _ subject: String, by actor: UserID?, _ detail: JSONObject = [:]) async {
        let entry = AuditEntry(
            id: time.makeID(),
            at: time.now(),
            actor: actor,
            action: action,
            subject: subject,
            detail: detail
        )
        do throws(StoreError) {
            try await store.audit(entry)
        } catch {
            log.log(
                .error,
                "not in the audit trail",
                [
                    ("action", action), ("subject", subject), ("actor", actor?.text ?? "-"),
                    ("detail", JSON.object(detail).text), ("why", "\(error)"),
                ]
            )
        }
    }
}
