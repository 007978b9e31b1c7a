import Orchestrator

/// What is found while one file is read; shared by the readers of its sections, used by one thread.
///
/// The shape of the file is checked first, so a reader that meets the same mistake again adds nothing: one place and key
/// have one error.
final class Diagnostics {
    private(set) var errors: [ConfigError] = []
    private(set) var warnings: [ConfigError] = []
    private var spots: Set<ConfigError.Spot> = []
    /// Paths whose unset references somebody has dealt with.
    private(set) var handledPaths: Set<String> = []

    func error(_ error: ConfigError) {
        if spots.insert(error.spot).inserted { errors.append(error) }
    }

    func warn(_ warning: ConfigError) {
        warnings.append(warning)
    }

    /// Marks the references below a node as dealt with.
    func handle(_ node: ConfigNode) {
        handledPaths.insert(node.path)
    }

    /// Reads a value that may be absent or not set; notes what is wrong with it.
    func read<T>(_ node: ConfigNode?, _ body: (ConfigNode) throws(ConfigError) -> T) -> T? {
        guard let node, node.isSet else { return nil }
        do throws(ConfigError) {
            return try body(node)
        } catch {
            self.error(error)
            return nil
        }
    }

    /// Reads a value into `target`, which keeps its default when there is none.
    func read<T>(_ node: ConfigNode?, into target: inout T, _ body: (ConfigNode) throws(ConfigError) -> T) {
        if let value = read(node, body) { target = value }
    }

    /// As above, for a property that may be absent itself.
    func read<T>(_ node: ConfigNode?, into target: inout T?, _ body: (ConfigNode) throws(ConfigError) -> T) {
        if let value = read(node, body) { target = value }
    }

    /// The elements of a list that can be read; nil when there is no list.
    func list<T>(_ node: ConfigNode?, _ body: (ConfigNode) throws(ConfigError) -> T) -> [T]? {
        guard let node, case .sequence(let elements) = node.content else { return nil }
        return elements.compactMap { read($0, body) }
    }

    /// Whether everything below a part that can do without is set; if not, says that the part is off.
    func isComplete(_ node: ConfigNode, otherwise consequence: String) -> Bool {
        guard let scalar = node.firstUnset else { return true }
        handle(node)
        warn(scalar.error("\(scalar.unsetNames) is not set", hint: consequence))
        return false
    }
}

extension ConfigNode {
    /// The first value, in the order of the file, that refers to something not set.
    var firstUnset: ConfigNode? {
        switch content {
        case .null: nil
        case .scalar(let scalar): scalar.unset.isEmpty ? nil : self
        case .sequence(let elements): elements.lazy.compactMap(\.firstUnset).first
        case .mapping(let entries): entries.lazy.compactMap(\.value.firstUnset).first
        }
    }

    /// The names that a value refers to and that are not set.
    var unsetNames: String {
        guard case .scalar(let scalar) = content else { return "" }
        return scalar.unset.joined(separator: ", ")
    }

    /// All values below this one that refer to something not set, but for those under `paths`.
    func unset(except paths: Set<String>) -> [ConfigNode] {
        guard !paths.contains(path) else { return [] }
        switch content {
        case .null: return []
        case .scalar(let scalar): return scalar.unset.isEmpty ? [] : [self]
        case .sequence(let elements): return elements.flatMap { $0.unset(except: paths) }
        case .mapping(let entries): return entries.flatMap { $0.value.unset(except: paths) }
        }
    }
}
