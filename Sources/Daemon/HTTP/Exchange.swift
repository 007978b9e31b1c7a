import Orchestrator
import Transport

/// One request on its way through the daemon, with what has been found out about it.
struct Exchange: RecordReader, Sendable {
    let request: HTTPRequest
    /// The caller's own, or a new one; echoed, logged and kept with the job.
    let id: String
    let service: Service
    /// The parts of the path that the route leaves open, in order.
    var parameters: [String] = []
    /// Who asks; nil on routes that anyone may call.
    var caller: Caller?
    /// What the body must hash to, where the request is signed.
    var promisedBody: BodyDigest?
    /// The body, where it was read before the route asked for it.
    var keptBody: [UInt8]?

    /// The body as it comes; of a signed request, its end throws where it is another one than was signed.
    var body: HTTPBody {
        promisedBody.map { request.body.watched(by: $0) } ?? request.body
    }

    /// The address that limits count by.
    var clientAddress: String {
        ClientAddress.find(
            peer: request.peer,
            forwardedFor: request.headers.all(named: "x-forwarded-for"),
            trusted: service.trustedProxies
        )
    }

    var store: any Store { service.store }

    /// The caller, on routes that need one; the router has made sure of it.
    func requireCaller() throws(APIError) -> Caller {
        guard let caller else { throw .invalidAPIKey }
        return caller
    }
}
