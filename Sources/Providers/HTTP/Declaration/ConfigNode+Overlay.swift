import Orchestrator

extension ConfigNode {
    /// This value with another laid over it as a merge patch (RFC 7386): mappings are merged, anything else is replaced,
    /// and a key without a value is taken out. Every part keeps its own place in the file.
    func overlaid(by patch: ConfigNode?) -> ConfigNode {
        guard let patch else { return self }
        guard case .mapping(let changes) = patch.content, case .mapping(var entries) = content else { return patch }
        for change in changes {
            let index = entries.firstIndex { $0.name == change.name }
            // A template that lacks its quotes is a mapping of a name to nothing, not a request to remove the name.
            if change.value.isNull, changes.count > 1 || index != nil {
                if let index { entries.remove(at: index) }
            } else if let index {
                entries[index].value = entries[index].value.overlaid(by: change.value)
            } else {
                entries.append(change)
            }
        }
        var result = self
        result.content = .mapping(entries)
        return result
    }

    /// The same without a key.
    func without(_ key: String) -> ConfigNode {
        guard case .mapping(let entries) = content else { return self }
        var result = self
        result.content = .mapping(entries.filter { $0.name != key })
        return result
    }
}
