/// The adapter kinds that this process knows: built once in `main`, passed by value, never mutated.
public struct AdapterKinds: Sendable {
    private let kinds: [String: any ProviderAdapter.Type]

    /// Takes the kinds; two of one name are a programming mistake.
    public init(_ list: [any ProviderAdapter.Type]) {
        kinds = Dictionary(list.map { ($0.kind, $0) }) { old, _ in preconditionFailure("'\(old.kind)' is listed twice")
        }
    }

    /// The kind called `name`.
    public subscript(name: String) -> (any ProviderAdapter.Type)? { kinds[name] }

    /// All names, sorted.
    public var names: [String] { kinds.keys.sorted() }
}
