/// The members of a JSON object, in the order in which they were written or added; each name occurs once.
///
/// Two objects are equal if they have equal members, whatever the order. Names are compared as Swift compares strings,
/// so two spellings of one text that differ only in Unicode composition are the same name.
public struct JSONObject: Sendable {
    /// One member.
    public typealias Element = (key: String, value: JSON)

    private struct Member: Sendable {
        var key: String
        var value: JSON
    }

    private var members: [Member] = []
    /// Where each name stands; kept only for objects too large for a linear search.
    private var positions: [String: Int] = [:]
    /// Up to this many members, a log line's for example, a linear search beats hashing and keeping the hashes.
    private static let linearLimit = 24

    /// Makes an object without members.
    public init() {}

    /// Makes an object of members in their order; a repeated name traps.
    public init(_ elements: some Sequence<(String, JSON)>) {
        members.reserveCapacity(elements.underestimatedCount)
        for (key, value) in elements {
            precondition(appendUnique(key, value), "name '\(key)' occurs twice in a JSON object")
        }
    }

    /// The number of members.
    public var count: Int { members.count }

    /// Whether there are no members.
    public var isEmpty: Bool { members.isEmpty }

    /// The names in their order.
    public var keys: [String] { members.map(\.key) }

    /// Reads, replaces (in place), adds (at the end) or, with `nil`, removes a member.
    ///
    /// A bare `nil` literal removes; to store the JSON literal write `.some(.null)` or call ``set(_:_:)``.
    public subscript(key: String) -> JSON? {
        get { position(of: key).map { members[$0].value } }
        set {
            if let newValue { set(key, newValue) } else { remove(key) }
        }
    }

    /// Replaces the member called `key` in its place, or adds it at the end.
    public mutating func set(_ key: String, _ value: JSON) {
        if let position = position(of: key) {
            members[position].value = value
        } else {
            append(key, value)
        }
    }

    /// Removes the member called `key` and returns its value; the cost grows with the number of members.
    @discardableResult
    public mutating func remove(_ key: String) -> JSON? {
        guard let position = position(of: key) else { return nil }
        let removed = members.remove(at: position).value
        positions = [:]
        indexIfLarge()
        return removed
    }

    /// Adds a member at the end, unless the name is taken: then nothing changes and the answer is `false`.
    mutating func appendUnique(_ key: String, _ value: JSON) -> Bool {
        guard position(of: key) == nil else { return false }
        append(key, value)
        return true
    }

    /// Adds a member at the end, whose name the caller has found free.
    mutating func appendNew(_ key: String, _ value: JSON) {
        append(key, value)
    }

    func contains(_ key: String) -> Bool {
        position(of: key) != nil
    }

    private func position(of key: String) -> Int? {
        members.count <= JSONObject.linearLimit ? members.firstIndex { $0.key == key } : positions[key]
    }

    private mutating func append(_ key: String, _ value: JSON) {
        // The usual objects have some members; growing from one would move them three times.
        if members.isEmpty, members.capacity == 0 { members.reserveCapacity(8) }
        members.append(Member(key: key, value: value))
        if positions.isEmpty {
            indexIfLarge()
        } else {
            positions[key] = members.count - 1
        }
    }

    private mutating func indexIfLarge() {
        guard members.count > JSONObject.linearLimit else { return }
        for (index, member) in members.enumerated() { positions[member.key] = index }
    }
}

extension JSONObject: RandomAccessCollection {
    /// The position of the first member.
    public var startIndex: Int { 0 }
    /// The position after the last member.
    public var endIndex: Int { members.count }
    /// The member at a position.
    public subscript(position: Int) -> Element { (members[position].key, members[position].value) }
}

extension JSONObject: Hashable {
    /// Whether both have the same members, in any order.
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count && left.members.allSatisfy { right[$0.key] == $0.value }
    }

    /// Mixes in the members so that their order does not matter.
    public func hash(into hasher: inout Hasher) {
        var sum = 0
        for member in members {
            var each = Hasher()
            each.combine(member.key)
            each.combine(member.value)
            sum &+= each.finalize()
        }
        hasher.combine(sum)
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// Makes an object whose members keep the order written; a name written twice traps.
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self.init(elements)
    }
}
