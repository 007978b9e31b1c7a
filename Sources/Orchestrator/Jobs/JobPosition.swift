/// How far a job has come: later states have later positions, on whichever daemon and in whichever run they are seen.
package struct JobPosition: Sendable, Hashable, Comparable {
    /// 0 queued, 1 running, 2 ended.
    package let stage: Int
    package let attempts: Int
    package let answered: Int

    package init(_ job: JobRecord) {
        stage = job.status == .queued ? 0 : job.status.isFinal ? 2 : 1
        attempts = job.attempts.count
        answered = job.attempts.count { $0.outcome != nil }
    }

    /// Reads `STAGE-ATTEMPTS-ANSWERED`; nil for anything else.
    package init?(_ text: some StringProtocol) {
        let numbers = text.split(separator: "-", maxSplits: 3, omittingEmptySubsequences: false).map { part in
            part.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) ? Int(part) : nil
        }
        guard numbers.count == 3, let stage = numbers[0], let attempts = numbers[1], let answered = numbers[2] else {
            return nil
        }
        (self.stage, self.attempts, self.answered) = (stage, attempts, answered)
    }

    package static func < (a: JobPosition, b: JobPosition) -> Bool {
        (a.stage, a.attempts, a.answered) < (b.stage, b.attempts, b.answered)
    }
}

extension JobPosition: CustomStringConvertible {
    package var description: String { "\(stage)-\(attempts)-\(answered)" }
}
