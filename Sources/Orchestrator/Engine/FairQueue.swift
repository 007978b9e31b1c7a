/// Decides who goes next when places are scarce: each owner in turn, and each owner's own in the order they came.
package struct FairQueue<Owner: Hashable & Sendable, Element: Sendable>: Sendable {
    private var lines: [Owner: [Element]] = [:]
    /// Owners with somebody waiting, the next one first.
    private var turns: [Owner] = []

    package init() {}

    package private(set) var count = 0

    package mutating func append(_ element: Element, for owner: Owner) {
        if lines[owner, default: []].isEmpty { turns.append(owner) }
        lines[owner, default: []].append(element)
        count += 1
    }

    package mutating func popFirst() -> Element? {
        guard !turns.isEmpty else { return nil }
        let owner = turns.removeFirst()
        guard var line = lines.removeValue(forKey: owner), !line.isEmpty else { return nil }
        let element = line.removeFirst()
        count -= 1
        if !line.isEmpty {
            lines[owner] = line
            turns.append(owner)
        }
        return element
    }

    /// Takes out one element that no longer waits.
    package mutating func remove(for owner: Owner, where matches: (Element) -> Bool) -> Element? {
        guard var line = lines[owner], let index = line.firstIndex(where: matches) else { return nil }
        let element = line.remove(at: index)
        count -= 1
        if line.isEmpty {
            lines[owner] = nil
            turns.removeAll { $0 == owner }
        } else {
            lines[owner] = line
        }
        return element
    }
}
