import Orchestrator

/// What a value of the file may be: the one description by which files are checked and the JSON Schema is written.
indirect enum Shape: Sendable {
    case scalar(ScalarShape)
    case list(of: Shape, atLeast: Int)
    /// A mapping whose keys are fixed.
    case section(Section)
    /// A mapping whose keys are names that the operator gives.
    case table(Table)
    /// The first alternative that fits the kind of value: single, list or mapping.
    case either([Shape])
    /// Read and judged by an adapter; the schema, if it states one, is for editors.
    case adapters(schema: JSON?)
}

/// A mapping with fixed keys.
struct Section: Sendable {
    var keys: [Key]
    /// More keys, by the value of one of `keys`.
    var variants: Variants?

    init(_ keys: [Key], variants: Variants? = nil) {
        self.keys = keys
        self.variants = variants
    }

    /// The keys of this mapping: with those of its variant, or of all variants where it names none that exists.
    func keys(for node: ConfigNode) -> [Key] {
        guard let variants else { return keys }
        let chosen = try? node.optionalString(variants.key) ?? variants.standard
        if let chosen, let more = variants.cases.first(where: { $0.name == chosen })?.keys { return keys + more }
        return keys + (variants.unknown ?? variants.union)
    }
}

/// Keys that depend on the value of another key.
struct Variants: Sendable {
    var key: String
    /// The case when the key is absent.
    var standard: String?
    var cases: [(name: String, keys: [Key])]
    /// The keys while the case is unknown, where `union` would take the wrong one of two that have the same name.
    var unknown: [Key]?

    /// Every key that some case has, none of them required.
    var union: [Key] {
        var seen: Set<String> = []
        return cases.flatMap(\.keys).filter { seen.insert($0.name).inserted }.map { key in
            var key = key
            key.isRequired = false
            return key
        }
    }
}

/// One key of a section.
struct Key: Sendable {
    var name: String
    var shape: Shape
    var isRequired = false
    /// What holds when it is absent.
    var standard: JSON?
    /// One sentence for operators.
    var text: String

    init(_ name: String, _ shape: Shape, _ text: String, standard: JSON? = nil) {
        self.name = name
        self.shape = shape
        self.text = text
        self.standard = standard
    }

    init(required name: String, _ shape: Shape, _ text: String) {
        self.init(name, shape, text)
        isRequired = true
    }
}

/// A mapping from names to values of one shape.
struct Table: Sendable {
    /// What an entry is called in messages, such as `provider`.
    var noun: String
    var keys: ScalarShape
    /// Words that are keys besides, with values of their own, such as `default`.
    var alsoKeys: [Key] = []
    var values: Shape
    var atLeast = 0
}
