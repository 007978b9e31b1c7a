/// What attempts change in the counters of spend, by day and subject.
package struct SpendTally: Sendable {
    /// One counter.
    package struct Place: Sendable, Hashable {
        package var day: Day
        package var subject: SpendSubject

        package init(day: Day, subject: SpendSubject) {
            self.day = day
            self.subject = subject
        }
    }

    private var changes: [Place: MicroUSD] = [:]
    private var counted: Set<Place> = []

    package init() {}

    /// Counts an attempt that is being written; one that its caller pays counts nowhere.
    package mutating func add(_ attempt: AttemptRecord, key: KeyID?) {
        guard !attempt.isPaidByCaller else { return }
        for place in SpendTally.places(of: attempt.provider, key: key, on: attempt.started.day) {
            changes[place, default: .zero] += attempt.cost
            counted.insert(place)
        }
    }

    /// Takes back what the house's attempt that stood there before had counted.
    package mutating func remove(cost: MicroUSD, provider: String, key: KeyID?, on day: Day) {
        for place in SpendTally.places(of: provider, key: key, on: day) {
            changes[place, default: .zero] += MicroUSD.zero - cost
        }
    }

    private static func places(of provider: String, key: KeyID?, on day: Day) -> [Place] {
        var subjects: [SpendSubject] = [.all, .provider(provider)]
        if let key { subjects.append(.key(key)) }
        return subjects.map { Place(day: day, subject: $0) }
    }

    /// What the counters have to be changed by, always in the same order, so that two writers cannot block each other.
    package var differences: [(place: Place, amount: MicroUSD)] {
        changes.filter { $0.value != .zero }.map { (place: $0.key, amount: $0.value) }
            .sorted { ($0.place.day, $0.place.subject.text) < ($1.place.day, $1.place.subject.text) }
    }

    /// The counters that a cap bounds and that the attempts count at, with the change of each.
    package func places(under cap: SpendCap) -> [(place: Place, change: MicroUSD)] {
        counted.filter { $0.subject == cap.subject }.sorted { $0.day < $1.day }
            .map { (place: $0, change: changes[$0] ?? .zero) }
    }
}
