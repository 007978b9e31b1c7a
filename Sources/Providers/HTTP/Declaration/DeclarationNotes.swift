import Orchestrator

/// What is found while one provider's declaration is read: mistakes, and the variables that its templates name.
///
/// One text may be read several times, for each model and operation that it serves; a mistake in it is one mistake.
final class DeclarationNotes {
    private var found: [ConfigError] = []
    private var spots: Set<ConfigError.Spot> = []
    /// Variables that some operation does not have, with the mistake that it is if no operation has them.
    private var missing: [(spot: ConfigError.Spot, error: ConfigError)] = []
    private var available: Set<ConfigError.Spot> = []
    /// The variables of the templates read since `beginUse`.
    private(set) var used: Set<Variable> = []

    /// All mistakes, in the order in which they were found.
    var mistakes: [ConfigError] {
        var listed: Set<ConfigError.Spot> = []
        return found + missing.filter { !available.contains($0.spot) && listed.insert($0.spot).inserted }.map(\.error)
    }

    func add(_ error: ConfigError) {
        if spots.insert(error.spot).inserted { found.append(error) }
    }

    func beginUse() { used = [] }

    func note(_ variable: Variable, isAvailable: Bool, at offset: Int, in node: ConfigNode) {
        used.insert(variable)
        let error = node.error(at: offset, "no operation that this serves has pictures of that kind")
        if isAvailable { available.insert(error.spot) } else { missing.append((error.spot, error)) }
    }

    /// Reads a value, or notes what is wrong with it.
    func read<T>(_ node: ConfigNode?, _ body: (ConfigNode) throws(ConfigError) -> T) -> T? {
        guard let node else { return nil }
        do throws(ConfigError) {
            return try body(node)
        } catch {
            add(error)
            return nil
        }
    }
}
