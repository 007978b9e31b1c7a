import Orchestrator

/// Work under way at a vendor that is asked after.
final class WorkBook: Sendable {
    struct Work: Sendable {
        var id: String
        var call: Int
        var step: Step
        var count: Int
        var width: Int
        var height: Int
        var format: ImageFormat
        var costMicroUSD: Int
        var polls = 0
        var lastPoll: ContinuousClock.Instant?
        var wasEarly = false
        var isCanceled = false
        /// What was made, by the vendor's own words.
        var output = JSON.null
    }

    enum Look: Sendable {
        case tooFast
        case waiting(Work), running(Work)
        /// The first look at work that is over.
        case justDone(Work)
        case done(Work)
        case canceled(Work)
    }

    /// Whoever asks after the same work sooner than this a second time is told to slow down: once it may be a client that
    /// was killed and does not know when it asked last.
    private static let shortestPause = Duration.milliseconds(100)

    private let works = Watched<[String: Work]>([:])

    func begin(_ work: Work) { works.change { $0[work.id] = work } }

    func reset() { works.change { $0 = [:] } }

    var all: [Work] { Array(works.value.values) }

    func until(_ condition: @escaping @Sendable ([Work]) -> Bool) async {
        await works.until { condition(Array($0.values)) }
    }

    /// Looks at work once more, which moves it on; nil if there is none.
    func look(_ id: String) -> Look? {
        works.change { works in
            guard var work = works[id] else { return nil }
            let now = ContinuousClock.now
            if let last = work.lastPoll, now - last < Self.shortestPause {
                if work.wasEarly { return .tooFast }
                work.wasEarly = true
            }
            work.lastPoll = now
            work.polls += 1
            works[id] = work
            if work.isCanceled { return .canceled(work) }
            let due = work.step.startingPolls + work.step.processingPolls
            if work.polls <= work.step.startingPolls { return .waiting(work) }
            if work.polls <= due { return .running(work) }
            return work.polls == due + 1 ? .justDone(work) : .done(work)
        }
    }

    func finish(_ id: String, _ output: JSON) { works.change { $0[id]?.output = output } }

    /// Stops work that is not over; nil if there is none.
    func cancel(_ id: String) -> Bool? {
        works.change { works in
            guard let work = works[id] else { return nil }
            guard work.polls <= work.step.startingPolls + work.step.processingPolls else { return false }
            works[id]?.isCanceled = true
            return true
        }
    }

    func find(_ id: String) -> Work? { works.value[id] }
}

/// A vendor whose work is asked after, as tests see it.
package protocol PolledVendor: FakeVendor {
    /// Work that was stopped.
    var canceledWork: Int { get }
    /// Suspends until some work has been asked after so often.
    func untilPolled(_ times: Int) async
}

protocol WorkKeeping: PolledVendor {
    var works: WorkBook { get }
}

extension WorkKeeping {
    package var canceledWork: Int { works.all.count(where: \.isCanceled) }

    package func untilPolled(_ times: Int) async { await works.until { $0.contains { $0.polls >= times } } }

    package func resetState() { works.reset() }

    /// The pictures of work that is over, drawn once.
    func draw(_ work: WorkBook.Work) -> [[UInt8]] {
        books.charge(work.call, work.step.isCharged ?? true ? work.costMicroUSD : 0)
        return (0..<(work.step.pictureCount ?? work.count)).map { _ in
            books.draw(work.format, width: work.width, height: work.height, by: work.step)
        }
    }
}

/// Sizes that vendors give to a ratio, about a megapixel.
func naturalSize(_ ratio: String, separator: Character = ":") -> (width: Int, height: Int) {
    let parts = ratio.split(separator: separator).compactMap { Double($0) }
    guard parts.count == 2, parts[1] > 0 else { return (1024, 1024) }
    let width = Int((1024 * (parts[0] / parts[1]).squareRoot() / 16).rounded()) * 16
    return (width, Int((Double(width) * parts[1] / parts[0]).rounded()))
}
