/// The request methods that the server hands to its handler; it answers others itself.
package enum HTTPMethod: String, Sendable, Hashable, CaseIterable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
    case options = "OPTIONS"
    /// Known so that it can be refused as a method that is not allowed; nothing here answers to it.
    case trace = "TRACE"

    /// What some route or other may answer to.
    package static let served: [HTTPMethod] = [.get, .head, .post, .put, .delete, .options]
}
