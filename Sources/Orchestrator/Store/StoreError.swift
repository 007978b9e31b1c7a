/// Why an operation did not happen.
package enum StoreError: Error, Sendable {
    /// The record cannot be reached or written now; nothing was changed.
    case unavailable(String)
    /// The record holds something that no version of this program wrote.
    case corrupt(String)
    /// The operation contradicts what is recorded, such as a second job under one id; nothing was changed.
    case conflict(String)
}
