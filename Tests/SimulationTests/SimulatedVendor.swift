import Orchestrator
import Randomness

/// A vendor that charges for what it makes, whoever still listens.
struct SimulatedVendor {
    enum Reply {
        case pictures(Int)
        case handle(VendorHandle)
        /// Not taken, not charged.
        case refused
        /// Made or not: nobody will say.
        case lost
    }

    private struct Work {
        var job: JobID
        var attempt: Int
        var charge: MicroUSD
        var isRecorded = false
    }

    private var works: [String: Work] = [:]
    private var creates: [String: Int] = [:]

    mutating func create(_ job: JobID, _ attempt: Int, count: Int, _ random: inout SeededRandom) -> Reply {
        let name = "\(job)/\(attempt)"
        creates[name, default: 0] += 1
        let charge = MicroUSD(micros: World.unitCost.micros * Int64(count))
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<45:
            works[name] = Work(job: job, attempt: attempt, charge: charge)
            return .pictures(count)
        case 45..<80:
            works[name] = Work(job: job, attempt: attempt, charge: charge)
            return .handle(VendorHandle(id: name, pollURL: "https://p/" + name))
        case 80..<92: return .refused
        default:
            if random.happens(50) { works[name] = Work(job: job, attempt: attempt, charge: charge) }
            return .lost
        }
    }

    mutating func noteRecorded(_ handle: VendorHandle) {
        works[handle.id]?.isRecorded = true
    }

    /// Whether the handle of an attempt was said to be on record.
    func hasRecordedHandle(_ job: JobID, _ attempt: Int) -> Bool { works["\(job)/\(attempt)"]?.isRecorded ?? false }

    func isDone(_ handle: VendorHandle, _ random: inout SeededRandom) -> Bool { random.happens(60) }

    /// Nothing was asked for twice, and every charge stands in the job's attempts: exactly where the outcome is known, else
    /// within the worst that was written down.
    func check(against story: Story) throws {
        for (name, count) in creates where count > 1 { throw Violation("\(name) was sent \(count) times") }
        for (name, work) in works {
            guard let job = story.ended[work.job] else { throw Violation("\(name) was made for no job") }
            guard let attempt = job.attempts.first(where: { $0.n == work.attempt }) else {
                throw Violation("\(name) was charged and is not on record")
            }
            switch attempt.outcome {
            case .ok:
                guard attempt.cost == work.charge else {
                    throw Violation("\(name) was charged \(work.charge), the record says \(attempt.cost)")
                }
            case .unknown:
                guard attempt.cost >= work.charge else {
                    throw Violation("\(name) was charged \(work.charge), more than the \(attempt.cost) on record")
                }
            default:
                throw Violation("\(name) was charged, the record says \(attempt.outcome.map(\.rawValue) ?? "nothing")")
            }
        }
    }
}
