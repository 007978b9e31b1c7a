/// Which of the states that are seen of a job are told, and as what: each once, in their order, and always the last.
package struct JobEventStream: Sendable {
    private var seen: JobPosition?

    /// Goes on after a state that was told before.
    package init(seen: JobPosition?) {
        self.seen = seen
    }

    /// The event for a state; nil for one that was told, or that came before one that was.
    package mutating func next(_ job: JobRecord, body: (JobRecord) -> JSON) -> String? {
        let position = JobPosition(job)
        if let seen, position <= seen, !job.status.isFinal { return nil }
        seen = position
        return "id: \(position)\nevent: \(job.status.rawValue)\ndata: \(body(job).text)\n\n"
    }
}
