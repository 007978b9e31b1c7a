/// Why a command does not succeed.
package enum CommandFailure: Error {
    /// The command was called wrongly: exit code 2.
    case misuse(String)
    /// It could not be done: exit code 1.
    case failure(String)
    /// All has been said already; the code to exit with.
    case ended(Int32)
}
