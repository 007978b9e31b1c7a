/// One step through a YAML file, in the order of the text.
struct YAMLEvent {
    enum Kind {
        case streamStart, streamEnd
        case documentStart, documentEnd
        case alias(anchor: String)
        case scalar(YAMLScalar)
        case sequenceStart(YAMLProperties)
        case sequenceEnd
        case mappingStart(YAMLProperties)
        case mappingEnd
    }

    var kind: Kind
    var place: YAMLPlace
}

/// A place in the text, both numbers from 1; the column counts Unicode scalars.
struct YAMLPlace: Equatable {
    var line: Int
    var column: Int

    static let start = YAMLPlace(line: 1, column: 1)
}

/// What may stand before a value.
struct YAMLProperties {
    /// The name after `&`.
    var anchor: String?
    /// The resolved tag, such as `tag:yaml.org,2002:int`; nil where none is written.
    var tag: String?
}

/// A text as libyaml read it, escapes and folding undone.
struct YAMLScalar {
    var text: String
    /// Whether it stood without quotes and so may be a number, a date or nothing.
    var isPlain: Bool
    /// Where the text itself begins, if its letters are those of the file, on one line.
    var textColumn: Int?
    var properties: YAMLProperties
}

/// Why a text is no YAML.
struct YAMLProblem: Error, Equatable {
    var message: String
    var hint: String?
    var place: YAMLPlace
}
