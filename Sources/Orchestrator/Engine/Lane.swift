/// The pictures of a request that are tried together, and what has been tried for them.
struct Lane: Sendable {
    var slots: [Int]
    /// Index into the plan's candidates.
    private(set) var candidate: Int
    /// Candidates that had their turn.
    private var tried: Set<Int>
    /// Providers whose trouble is not one model's alone; their other models come last.
    private var troubled: Set<String> = []
    /// Those that were made; one that was stopped before anything was sent is none.
    var attempts = 0
    /// Of those, at the present candidate.
    var attemptsHere = 0
    var unknowns = 0
    var opening: Opening

    /// How the next attempt begins.
    enum Opening: Sendable {
        /// It waits for a place, and is put on record before anything is sent.
        case fresh
        /// It is on record; `hasPlace` if its place at the provider is taken as well.
        case intended(Int, hasPlace: Bool)
        /// It was begun by a process that is no more: the vendor is asked how far the work is.
        case underWay(Int, VendorHandle)
        /// There is none yet: a process that is no more made the last one, and what follows its failure is to be decided.
        case failed(ProviderFailure)
    }

    init(slots: some Sequence<Int>, _ opening: Opening = .fresh, candidate: Int = 0) {
        self.slots = Array(slots)
        self.opening = opening
        self.candidate = candidate
        tried = [candidate]
    }

    /// Goes on with a job of a process that is no more: `tried` had their turn, and their failures count.
    init(
        slots: Range<Int>,
        _ opening: Opening,
        candidate: Int,
        tried: [(candidate: Int, failure: FailureKind)],
        attempts: Int,
        in candidates: [Candidate]
    ) {
        self.init(slots: slots, opening, candidate: candidate)
        self.attempts = attempts
        for (index, failure) in tried {
            self.tried.insert(index)
            if failure.concernsProvider { troubled.insert(candidates[index].provider.id) }
            if case .unknown = failure { unknowns += 1 }
        }
        if case .failed = opening { attemptsHere = tried.count { $0.candidate == candidate } }
    }

    /// Whether the next attempt asks a candidate again that has just failed.
    var isRetry: Bool {
        if case .fresh = opening { attemptsHere > 0 } else { false }
    }

    /// Leaves a candidate out that is there for other lanes only.
    mutating func avoid(_ index: Int) { tried.insert(index) }

    /// Who is to be tried after `failure`: the next in the plan's order, but another provider first where the whole
    /// provider is in trouble, and another provider only where the same one may have made the pictures already.
    func next(after failure: FailureKind, in candidates: [Candidate]) -> Int? {
        let here = candidates[candidate].provider.id
        let avoided = failure.concernsProvider ? troubled.union([here]) : troubled
        let untried = candidates.indices.filter { !tried.contains($0) }
        let elsewhere = untried.first { !avoided.contains(candidates[$0].provider.id) }
        if case .unknown = failure { return elsewhere ?? untried.first { candidates[$0].provider.id != here } }
        return elsewhere ?? untried.first
    }

    /// The same for fewer pictures at a time.
    @inline(never)
    func parts(of size: Int) -> [Lane] {
        stride(from: 0, to: slots.count, by: size).map { start in
            var part = self
            part.slots = Array(slots[start..<min(start + size, slots.count)])
            return part
        }
    }

    /// Moves on to a candidate that `next` named.
    mutating func fallBack(to index: Int, after failure: FailureKind, in candidates: [Candidate]) {
        if failure.concernsProvider { troubled.insert(candidates[candidate].provider.id) }
        candidate = index
        tried.insert(index)
        attemptsHere = 0
    }

    mutating func noteAttempt() {
        attempts += 1
        attemptsHere += 1
        opening = .fresh
    }
}

/// How the pictures of a lane ended.
struct LaneEnd: Sendable {
    var delivered: [Int: DeliveredPicture] = [:]
    /// The last failure of pictures that are missing.
    var failures: [ProviderFailure] = []
    /// The same by their places.
    var missing: [Int: ProviderFailure] = [:]

    mutating func fail(_ slots: [Int], _ failure: ProviderFailure) {
        failures.append(failure)
        for slot in slots { missing[slot] = failure }
    }

    /// Notes pictures for the lane's first places, which then need no more.
    @inline(never)
    mutating func take(_ pictures: [DeliveredPicture], of lane: inout Lane) {
        for (slot, picture) in zip(lane.slots, pictures) { delivered[slot] = picture }
        lane.slots.removeFirst(min(pictures.count, lane.slots.count))
    }

    mutating func merge(_ other: LaneEnd) {
        delivered.merge(other.delivered) { mine, _ in mine }
        failures += other.failures
        missing.merge(other.missing) { mine, _ in mine }
    }
}

/// One picture that is stored and belongs to the answer.
package struct DeliveredPicture: Sendable {
    package var record: ImageRecord
    /// Where its bytes can be read now.
    package var source: ByteSource
}

extension FailureKind {
    /// Whether the provider's other models are likely to fail in the same way.
    fileprivate var concernsProvider: Bool {
        switch self {
        case .unavailable(.rateLimited), .unavailable(.quota), .unavailable(.credential), .unavailable(.server),
            .unavailable(.connection), .unknown:
            true
        case .rejected, .refused, .unavailable(.model), .unavailable(.unsupported), .unusable: false
        }
    }
}
