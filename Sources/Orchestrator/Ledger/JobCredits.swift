/// What a job took of its owner's credits; whole credits.
package struct JobCredits: Sendable, Hashable {
    package var reserved = 0
    package var charged = 0
    /// Once the job has ended: `reserved - charged`.
    package var refunded = 0
    /// Free uses taken at acceptance, and of which day.
    package var freeReserved = 0
    package var freeUsed = 0
    package var freeDay: Day?

    package init() {}
}
