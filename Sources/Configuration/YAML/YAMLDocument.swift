package import Orchestrator

/// One configuration file as a tree of values with their places, and every mistake on the level of YAML.
///
/// Of YAML it takes what an operator writes by hand: one document of mappings, lists and scalars, with plain aliases.
/// Merge keys, own tags and several documents are refused; size, depth and the number of values are bounded, aliases
/// counted as often as they are used.
package struct YAMLDocument: Sendable {
    /// Bounds that no honest file comes near: room for ten thousand models.
    enum Limit {
        static let bytes = 8 << 20
        static let depth = 32
        static let values = 200_000
    }

    /// The top of the tree; nil when the file could not be read to its end.
    package var root: ConfigNode?
    /// In the order of the text.
    package var errors: [ConfigError] = []

    /// Reads a file's bytes; `file` is its name in messages, and `references` says what `${…}` stands for.
    package init(_ bytes: [UInt8], file: String, references: ReferenceResolver = ReferenceResolver()) {
        var composer = YAMLComposer(file: file, references: references)
        if bytes.count > Limit.bytes {
            composer.report(.start, "", "the file is larger than \(Limit.bytes >> 20) MiB")
        } else if let place = YAMLPlace(ofInvalidUTF8: bytes) {
            composer.report(place, "", "the file is not UTF-8", hint: "save it as UTF-8 without byte order mark")
        } else {
            root = composer.document(bytes)
        }
        errors = composer.errors
    }
}

extension YAMLPlace {
    /// The place of the first byte that is no UTF-8; nil for sound text.
    init?(ofInvalidUTF8 bytes: [UInt8]) {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        self = .start
        while true {
            switch decoder.decode(&iterator) {
            case .emptyInput: return nil
            case .error: return
            case .scalarValue("\n"):
                line += 1
                column = 1
            case .scalarValue: column += 1
            }
        }
    }
}
