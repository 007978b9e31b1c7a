import Orchestrator

/// Compares a tree with its shape and notes every difference: unknown and missing keys, wrong types, values out of range.
///
/// A value that refers to something not set is passed over; whoever reads it decides what follows from that.
struct ShapeCheck {
    private(set) var errors: [ConfigError] = []

    mutating func check(_ node: ConfigNode, _ shape: Shape) {
        switch shape {
        case .adapters: break
        case .scalar(let scalar):
            guard !node.isNull else {
                errors.append(node.error("has no value", hint: "give one, or remove the key"))
                return
            }
            // A secret's place is checked even while the secret is absent.
            guard node.isSet || scalar.isChecked(unset: node) else { return }
            note { () throws(ConfigError) in try scalar.check(node) }
        case .list(let element, let atLeast):
            guard let node = container(node, isList: true, mayBeNull: atLeast == 0) else { return }
            if node.elements.count < atLeast { errors.append(node.error("must not be empty")) }
            for value in node.elements { check(value, element) }
        case .section(let section):
            guard let node = container(node, isList: false, mayBeNull: !section.keys.contains(where: \.isRequired))
            else {
                return
            }
            check(node, section)
        case .table(let table):
            guard let node = container(node, isList: false, mayBeNull: table.atLeast == 0) else { return }
            check(node, table)
        case .either(let shapes): check(node, either: shapes)
        }
    }

    private mutating func check(_ node: ConfigNode, _ section: Section) {
        let keys = section.keys(for: node)
        for entry in node.entries {
            if let key = keys.first(where: { $0.name == entry.name }) {
                check(entry.value, key.shape)
            } else {
                errors.append(
                    entry.error(
                        "unknown key",
                        hint: Suggestion.hint(for: entry.name, among: keys.map(\.name), listed: "known:")
                    )
                )
            }
        }
        for key in keys where key.isRequired && node[key.name] == nil {
            errors.append(node.error(key.name, "is required"))
        }
    }

    private mutating func check(_ node: ConfigNode, _ table: Table) {
        if node.entries.count < table.atLeast {
            errors.append(
                node.error("must name at least \(table.atLeast == 1 ? "one" : "\(table.atLeast)") \(table.noun)")
            )
        }
        for entry in node.entries {
            if let key = table.alsoKeys.first(where: { $0.name == entry.name }) {
                check(entry.value, key.shape)
                continue
            }
            note { () throws(ConfigError) in try table.keys.check(entry.nameNode) }
            check(entry.value, table.values)
        }
    }

    private mutating func check(_ node: ConfigNode, either shapes: [Shape]) {
        if let shape = shapes.first(where: { $0.takes(node) }) {
            check(node, shape)
        } else if node.isNull, let first = shapes.first {
            check(node, first)
        } else {
            errors.append(
                node.error("must be \(shapes.map(\.kindName).joined(separator: " or ")), not \(node.contentName)")
            )
        }
    }

    /// The node if it is the container that is wanted; an absent value is an empty one where that may be.
    private mutating func container(_ node: ConfigNode, isList: Bool, mayBeNull: Bool) -> ConfigNode? {
        switch (node.content, isList) {
        case (.sequence, true), (.mapping, false): return node
        case (.null, _):
            if !mayBeNull { errors.append(node.error("must not be empty")) }
            return nil
        default:
            errors.append(node.error("must be \(isList ? "a list" : "a mapping"), not \(node.contentName)"))
            return nil
        }
    }

    private mutating func note(_ body: () throws(ConfigError) -> Void) {
        do throws(ConfigError) { try body() } catch { errors.append(error) }
    }
}

extension ScalarShape {
    /// Whether something can be said of a value that is not set.
    fileprivate func isChecked(unset node: ConfigNode) -> Bool {
        guard case .scalar(let scalar) = node.content else { return true }
        return switch self {
        case .secret: scalar.references.count != 1 || scalar.source != "${\(scalar.references[0])}"
        case .database: DatabaseURL.revealsPassword(scalar.source)
        default: false
        }
    }
}

extension Shape {
    fileprivate func takes(_ node: ConfigNode) -> Bool {
        switch (self, node.content) {
        case (.scalar, .scalar), (.list, .sequence), (.section, .mapping), (.table, .mapping), (.adapters, _): true
        case (.either(let shapes), _): shapes.contains { $0.takes(node) }
        default: false
        }
    }

    fileprivate var kindName: String {
        switch self {
        case .scalar: "a single value"
        case .list: "a list"
        case .section, .table, .adapters: "a mapping"
        case .either(let shapes): shapes.map(\.kindName).joined(separator: " or ")
        }
    }
}
