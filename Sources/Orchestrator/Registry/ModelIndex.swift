/// The models of a registry by their names; made when first asked, so that a registry can be put together piece by piece.
final class ModelIndex: Sendable {
    typealias Entry = (provider: Provider, model: Model)

    private struct Table: Sendable {
        /// By `PROVIDER/MODEL`.
        var qualified: [String: [Entry]] = [:]
        /// By the model's own name.
        var bare: [String: [Entry]] = [:]
    }

    private let table = Lock<Table?>(nil)

    /// The models that a name means, in the order of `providers`. A name with a provider in front means that one's, even
    /// where another sells a model whose own name is the same.
    func entries(named name: String, of providers: [Provider]) -> [Entry] {
        table.withLock { known in
            let table = known ?? Self.table(of: providers)
            known = table
            return table.qualified[name] ?? table.bare[name] ?? []
        }
    }

    private static func table(of providers: [Provider]) -> Table {
        var table = Table()
        for provider in providers {
            for model in provider.models {
                table.qualified["\(provider.id)/\(model.id)", default: []].append((provider, model))
                table.bare[model.id, default: []].append((provider, model))
            }
        }
        return table
    }
}
