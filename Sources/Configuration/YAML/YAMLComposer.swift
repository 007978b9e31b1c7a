import Orchestrator

/// Builds the tree from the events, noting mistakes and going on where the text allows it.
struct YAMLComposer {
    private(set) var errors: [ConfigError] = []
    private let file: String
    private let references: ReferenceResolver
    private var anchors: [String: (node: ConfigNode, size: Int)] = [:]
    /// Anchors whose value is still being read: an alias to one of them would contain itself.
    private var openAnchors: Set<String> = []
    private var valueCount = 0
    /// The last value that was begun, for problems that libyaml reports by line and column alone.
    private var path = ""
    /// The mappings around it: the column of their keys, and their paths.
    private var keyColumns: [(column: Int, path: String)] = []

    init(file: String, references: ReferenceResolver) {
        self.file = file
        self.references = references
    }

    /// The tree of a whole file; nil after a mistake behind which nothing can be read.
    mutating func document(_ bytes: [UInt8]) -> ConfigNode? {
        do throws(YAMLProblem) {
            var parser = try YAMLParser(bytes)
            var root: ConfigNode?
            while true {
                let event = try parser.next()
                switch event.kind {
                case .streamStart: continue
                case .documentEnd: path = ""
                case .streamEnd: return root ?? node(.null, at: .start, path: "")
                case .documentStart:
                    guard root == nil else {
                        throw YAMLProblem(
                            message: "a second document begins here",
                            hint: "keep one, and remove '---'",
                            place: event.place
                        )
                    }
                default: root = try value(event, &parser, path: "", depth: 0).node
                }
            }
        } catch {
            let problem = YAMLSyntaxHint.explain(error, in: bytes)
            report(problem.place, key(at: problem.place, in: bytes), problem.message, hint: problem.hint)
            return nil
        }
    }

    mutating func report(_ place: YAMLPlace, _ key: String, _ message: String, hint: String? = nil) {
        errors.append(
            ConfigError(
                file: file,
                line: place.line,
                column: place.column,
                key: key,
                message: message,
                hint: hint
            )
        )
    }

    /// The key whose line a problem is on; the scanner reads ahead of the tree, so that line may not be in it yet.
    private func key(at place: YAMLPlace, in bytes: [UInt8]) -> String {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: place.line, omittingEmptySubsequences: false)
        guard lines.indices.contains(place.line - 1) else { return path }
        let line = String(decoding: lines[place.line - 1], as: UTF8.self)
        let indentation = line.prefix { $0 == " " }.count
        let name = line.dropFirst(indentation).prefix { $0 != ":" && $0 != " " }
        guard !name.isEmpty, !"-#{}[]\"'&*!?|>%@`\t".contains(name[name.startIndex]) else { return path }
        guard let parent = keyColumns.last(where: { $0.column == indentation + 1 }) else {
            return indentation == 0 && path.isEmpty ? String(name) : path
        }
        let key = parent.path.isEmpty ? String(name) : "\(parent.path).\(name)"
        return path.hasPrefix(key) ? path : key
    }

    // MARK: - Values

    /// One value, with the number of values in it.
    private mutating func value(
        _ event: YAMLEvent,
        _ parser: inout YAMLParser,
        path: String,
        depth: Int
    ) throws(YAMLProblem) -> (node: ConfigNode, size: Int) {
        self.path = path
        guard depth <= YAMLDocument.Limit.depth else {
            throw YAMLProblem(
                message: "nested more than \(YAMLDocument.Limit.depth) levels deep",
                place: event.place
            )
        }
        try count(1, at: event.place)
        let result: (node: ConfigNode, size: Int)
        let properties: YAMLProperties
        switch event.kind {
        case .alias(let anchor):
            return try alias(anchor, at: event.place, path: path)
        case .scalar(let scalar):
            properties = scalar.properties
            result = (node(content(scalar, at: event.place, path: path), at: event.place, path: path), 1)
        case .sequenceStart(let found):
            properties = found
            open(properties)
            result = try sequence(event.place, &parser, path: path, depth: depth)
            check(properties, kind: "seq", at: event.place, path: path)
        case .mappingStart(let found):
            properties = found
            open(properties)
            result = try mapping(event.place, &parser, path: path, depth: depth)
            check(properties, kind: "map", at: event.place, path: path)
        default:
            throw YAMLProblem(message: "a value is missing", place: event.place)
        }
        if let anchor = properties.anchor {
            anchors[anchor] = result
            openAnchors.remove(anchor)
        }
        return result
    }

    private mutating func sequence(
        _ place: YAMLPlace,
        _ parser: inout YAMLParser,
        path: String,
        depth: Int
    ) throws(YAMLProblem) -> (node: ConfigNode, size: Int) {
        var elements: [ConfigNode] = []
        var size = 1
        while true {
            let event = try parser.next()
            if case .sequenceEnd = event.kind { break }
            let element = try value(event, &parser, path: "\(path)[\(elements.count)]", depth: depth + 1)
            elements.append(element.node)
            size += element.size
        }
        return (node(.sequence(elements), at: place, path: path), size)
    }

    private mutating func mapping(
        _ place: YAMLPlace,
        _ parser: inout YAMLParser,
        path: String,
        depth: Int
    ) throws(YAMLProblem) -> (node: ConfigNode, size: Int) {
        var entries: [ConfigNode.Entry] = []
        var lines: [String: Int] = [:]
        var size = 1
        while true {
            let key = try parser.next()
            if case .mappingEnd = key.kind { break }
            guard case .scalar(let scalar) = key.kind else {
                throw YAMLProblem(
                    message: "a key must be a plain name",
                    hint: "keys that are lists, mappings or aliases are not supported",
                    place: key.place
                )
            }
            let name = scalar.text
            let keyPath = path.isEmpty ? name : "\(path).\(name)"
            self.path = keyPath
            keyColumns.removeAll { $0.column >= key.place.column }
            keyColumns.append((key.place.column, path))
            let found = try value(try parser.next(), &parser, path: keyPath, depth: depth + 1)
            size += found.size + 1
            if name == "<<", scalar.isPlain {
                report(key.place, keyPath, "merge keys are not supported", hint: "write the keys out")
            } else if let line = lines[name] {
                report(key.place, keyPath, "duplicate key", hint: "first on line \(line)")
            } else {
                lines[name] = key.place.line
                entries.append(
                    ConfigNode.Entry(name: name, line: key.place.line, column: key.place.column, value: found.node)
                )
            }
        }
        return (node(.mapping(entries), at: place, path: path), size)
    }

    private mutating func content(_ scalar: YAMLScalar, at place: YAMLPlace, path: String) -> ConfigNode.Content {
        var isQuoted = !scalar.isPlain
        switch scalar.properties.tag?.split(separator: ":").last {
        case nil: break
        case "str", "!": isQuoted = true
        // Writers of YAML put these before a whole number that stands for a decimal one, such as `!!float '0'`.
        case "int", "float", "bool", "timestamp": isQuoted = false
        case "null": return .null
        default: check(scalar.properties, kind: "str", at: place, path: path)
        }
        if !isQuoted, ["", "~", "null", "Null", "NULL"].contains(scalar.text) { return .null }
        switch references.resolve(scalar.text) {
        case .success(let resolved):
            return .scalar(
                ConfigNode.Scalar(
                    text: resolved.text,
                    source: scalar.text,
                    isQuoted: isQuoted,
                    references: resolved.references,
                    unset: resolved.unset,
                    textColumn: resolved.text == scalar.text ? scalar.textColumn : nil
                )
            )
        case .failure(let malformed):
            report(place, path, malformed.message, hint: malformed.hint)
            return .null
        }
    }

    // MARK: - Anchors

    private mutating func open(_ properties: YAMLProperties) {
        if let anchor = properties.anchor { openAnchors.insert(anchor) }
    }

    private mutating func alias(
        _ anchor: String,
        at place: YAMLPlace,
        path: String
    ) throws(YAMLProblem) -> (node: ConfigNode, size: Int) {
        guard let (target, size) = anchors[anchor], !openAnchors.contains(anchor) else {
            report(
                place,
                path,
                "unknown anchor '\(anchor)'",
                hint: "an alias repeats a value that an '&\(anchor)' above it names"
            )
            return (node(.null, at: place, path: path), 1)
        }
        try count(size, at: place)
        return (target.moved(to: path), size)
    }

    private mutating func count(_ values: Int, at place: YAMLPlace) throws(YAMLProblem) {
        valueCount += values
        guard valueCount <= YAMLDocument.Limit.values else {
            throw YAMLProblem(
                message: "the file has more than \(YAMLDocument.Limit.values) values",
                hint: "an alias counts as often as it is used",
                place: place
            )
        }
    }

    private mutating func check(_ properties: YAMLProperties, kind: String, at place: YAMLPlace, path: String) {
        guard let tag = properties.tag, tag != "tag:yaml.org,2002:\(kind)" else { return }
        report(place, path, "tags are not supported here", hint: "remove '!…'")
    }

    private func node(_ content: ConfigNode.Content, at place: YAMLPlace, path: String) -> ConfigNode {
        ConfigNode(file: file, line: place.line, column: place.column, path: path, content: content)
    }
}

extension ConfigNode {
    /// The same value under another path; the places stay those of the text that says it.
    fileprivate func moved(to path: String) -> ConfigNode {
        var moved = self
        moved.path = path
        switch content {
        case .null, .scalar: break
        case .sequence(let elements):
            moved.content = .sequence(elements.enumerated().map { $1.moved(to: "\(path)[\($0)]") })
        case .mapping(let entries):
            moved.content = .mapping(
                entries.map { entry in
                    var entry = entry
                    entry.value = entry.value.moved(to: "\(path).\(entry.name)")
                    return entry
                }
            )
        }
        return moved
    }
}
