import Orchestrator

/// A JSON pointer (RFC 6901) in which `*` stands for every element of a list, or every member of an object.
///
/// Pointers into a result start at one picture's item; with `$` before them they start at the top of the document, and each
/// `*` stands for what the same `*` of the item's own pointer stood for.
struct Pointer: Sendable, Hashable {
    /// One step of the way.
    enum Step: Sendable, Hashable {
        case member(String)
        case every
    }

    /// What a pointer leads to, and what each of its `*` stood for.
    struct Match: Sendable {
        var value: JSON
        var place: [String]
    }

    let steps: [Step]
    let isFromTop: Bool

    /// Why a text is no pointer, and where.
    struct Malformed: Error {
        var offset: Int
        var message: String
        var hint: String?
    }

    init(_ text: String) throws(Malformed) {
        isFromTop = text.hasPrefix("$")
        let start = isFromTop ? 1 : 0
        let rest = text.unicodeScalars.dropFirst(start)
        guard rest.isEmpty || rest.first == "/" else {
            throw Malformed(offset: start, message: "a pointer begins with '/'", hint: "such as /data/*/url")
        }
        var steps: [Step] = []
        var offset = start + 1
        for token in rest.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            steps.append(try Self.step(String(String.UnicodeScalarView(token)), at: offset))
            offset += token.count + 1
        }
        self.steps = steps
    }

    private static func step(_ token: String, at offset: Int) throws(Malformed) -> Step {
        guard token != "*" else { return .every }
        var name = String.UnicodeScalarView()
        let scalars = Array(token.unicodeScalars)
        var index = 0
        while index < scalars.count {
            guard scalars[index] == "~" else {
                name.append(scalars[index])
                index += 1
                continue
            }
            switch index + 1 < scalars.count ? scalars[index + 1] : " " {
            case "0": name.append("~")
            case "1": name.append("/")
            default:
                throw Malformed(
                    offset: offset + index,
                    message: "'~' stands in a pointer",
                    hint: "~0 is '~', ~1 is '/'"
                )
            }
            index += 2
        }
        return .member(String(name))
    }

    /// All that it leads to, in the order of the document.
    func matches(in document: JSON) -> [Match] {
        var found = [Match(value: document, place: [])]
        for step in steps {
            found = found.flatMap { match -> [Match] in
                switch step {
                case .member(let name):
                    return match.value.member(name).map { [Match(value: $0, place: match.place)] } ?? []
                case .every:
                    return match.value.children.map { Match(value: $0.value, place: match.place + [$0.name]) }
                }
            }
        }
        return found
    }

    func values(in document: JSON) -> [JSON] { matches(in: document).map(\.value) }

    /// The first that it leads to; nil for nothing, and for `null`.
    func first(in document: JSON) -> JSON? { values(in: document).first { !$0.isNull } }

    /// What it says of one item: from there, or from the top with each `*` as the item has it.
    func value(of item: Match, in document: JSON) -> JSON? {
        guard isFromTop else { return first(in: item.value) }
        var place = item.place[...]
        var here = document
        for step in steps {
            let next: JSON? =
                switch step {
                case .member(let name): here.member(name)
                case .every: place.popFirst().flatMap { here.member($0) }
                }
            guard let next else { return nil }
            here = next
        }
        // A bare `nil` beside a JSON value would be JSON's own null.
        if here.isNull { return Optional.none }
        return here
    }
}

extension JSON {
    /// What a step leads to: a member by name, an element by index.
    fileprivate func member(_ name: String) -> JSON? {
        switch self {
        case .object(let members): return members[name]
        case .array(let elements):
            // An index has no leading zero and no sign (RFC 6901 section 4).
            guard let index = Int(name), String(index) == name, elements.indices.contains(index) else {
                return Optional.none
            }
            return elements[index]
        case .null, .bool, .number, .string, .blob: return Optional.none
        }
    }

    fileprivate var children: [(name: String, value: JSON)] {
        switch self {
        case .object(let members): members.map { ($0.key, $0.value) }
        case .array(let elements): elements.enumerated().map { (String($0.offset), $0.element) }
        case .null, .bool, .number, .string, .blob: []
        }
    }

    /// A single value as a word that tables are looked up by.
    var word: String? {
        switch self {
        case .string(let text): text
        case .number(let number): number.text
        case .bool(let value): value ? "true" : "false"
        case .null, .array, .object, .blob: nil
        }
    }
}

extension Pointer {
    /// Where it starts.
    static let whole = Pointer(steps: [], isFromTop: false)

    private init(steps: [Step], isFromTop: Bool) {
        self.steps = steps
        self.isFromTop = isFromTop
    }
}
