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

    private struct Entry: Sendable {
        var place: Place
        var change: MicroUSD
        /// Whether an attempt is written that counts there.
        var isCounted: Bool
    }

    /// A handful, as one job's attempts count at: looked through, not hashed.
    private var entries: [Entry] = []

    package init() {}

    /// Of all attempts of a job that is being written.
    package init(of job: JobRecord) {
        for attempt in job.attempts { add(attempt, key: job.key) }
    }

    /// Counts an attempt that is being written; one that its caller pays counts nowhere.
    package mutating func add(_ attempt: AttemptRecord, key: KeyID?) {
        guard !attempt.isPaidByCaller else { return }
        for place in SpendTally.places(of: attempt.provider, key: key, on: attempt.started.day) {
            change(place, by: attempt.cost, isCounted: true)
        }
    }

    /// Takes back what the house's attempt that stood there before had counted.
    package mutating func remove(cost: MicroUSD, provider: String, key: KeyID?, on day: Day) {
        for place in SpendTally.places(of: provider, key: key, on: day) {
            change(place, by: MicroUSD.zero - cost, isCounted: false)
        }
    }

    private mutating func change(_ place: Place, by amount: MicroUSD, isCounted: Bool) {
        guard let index = entries.firstIndex(where: { $0.place == place }) else {
            entries.append(Entry(place: place, change: amount, isCounted: isCounted))
            return
        }
        entries[index].change += amount
        if isCounted { entries[index].isCounted = true }
    }

    private static func places(of provider: String, key: KeyID?, on day: Day) -> [Place] {
        var subjects: [SpendSubject] = [.all, .provider(provider)]
        if let key { subjects.append(.key(key)) }
        return subjects.map { Place(day: day, subject: $0) }
    }

    /// What the counters have to be changed by, always in the same order, so that two writers cannot block each other.
    package var differences: [(place: Place, amount: MicroUSD)] {
        entries.filter { $0.change != .zero }.map { (place: $0.place, amount: $0.change) }
            .sorted { ($0.place.day, $0.place.subject.text) < ($1.place.day, $1.place.subject.text) }
    }

    /// The counters that a cap bounds and that the attempts count at, with the change of each.
    package func places(under cap: SpendCap) -> [(place: Place, change: MicroUSD)] {
        entries.filter { $0.isCounted && $0.place.subject == cap.subject }.sorted { $0.place.day < $1.place.day }
            .map { (place: $0.place, change: $0.change) }
    }
}
