/// What answers of one model take, as an average that forgets: each new answer counts a fifth.
package struct LatencyEstimate: Sendable {
    private var average: Duration?

    package init() {}

    package mutating func add(_ sample: Duration) {
        average = average.map { $0 * 4 / 5 + sample / 5 } ?? sample
    }

    package var value: Duration? { average }
}
