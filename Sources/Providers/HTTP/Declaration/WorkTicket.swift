import Orchestrator

/// Which declaration work under way belongs to, kept in the id of its handle: a poll is told nothing else, and after a
/// restart there is nothing else.
struct WorkTicket: Sendable, Hashable {
    var operation: Orchestrator.Operation
    var model: String
    /// The vendor's own; empty where it gives only addresses.
    var id: String

    init(operation: Orchestrator.Operation, model: String, id: String) {
        self.operation = operation
        self.model = model
        self.id = id
    }

    /// Reads the id of a handle; nil for one that another kind of adapter made.
    init?(_ handle: VendorHandle) {
        let parts = handle.id.split(separator: "|", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let operation = Orchestrator.Operation(rawValue: String(parts[0])) else { return nil }
        self.init(operation: operation, model: String(parts[1]), id: String(parts[2]))
    }

    var text: String { "\(operation.rawValue)|\(model)|\(id)" }
}
