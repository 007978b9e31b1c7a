internal import CommandLineInterface
private import Glibc
internal import Orchestrator

/// The daemon's API as commands ask it; for one thread.
final class API {
    let url: String
    private let key: Secret?
    /// Signs instead of sending the key.
    private let signer: RequestSigner?
    private let timeout: Duration
    private let connection: HTTPConnection
    /// Called now and then while an answer is awaited.
    var onTick: (() -> Void)?

    init(url: String, key: Secret?, signer: RequestSigner? = nil, timeout: Int) throws(CommandFailure) {
        self.url = url
        self.key = key
        self.signer = signer
        self.timeout = .seconds(timeout)
        connection = try HTTPConnection()
    }

    /// One more of the same, for another thread.
    func another() throws(CommandFailure) -> API {
        try API(url: url, key: key, signer: signer, timeout: Int(timeout.components.seconds))
    }

    // MARK: Asking

    func get(_ path: String, _ query: [(String, String?)] = []) throws(CommandFailure) -> JSON {
        try json(try checked(try send(request("GET", path, query))))
    }

    func post(_ path: String, _ body: JSON = [:], headers: [(String, String)] = []) throws(CommandFailure) -> JSON {
        try json(try checked(try send(request("POST", path, body, headers))))
    }

    func put(_ path: String, _ body: JSON) throws(CommandFailure) -> JSON {
        try json(try checked(try send(request("PUT", path, body, []))))
    }

    func delete(_ path: String) throws(CommandFailure) -> JSON {
        try json(try checked(try send(request("DELETE", path))))
    }

    /// An answer whatever its status; throws where there is none.
    func reply(_ request: HTTPRequest) throws(CommandFailure) -> HTTPReply { try send(request) }

    /// An answer, or why there is none.
    func outcome(_ request: HTTPRequest) -> Result<HTTPReply, HTTPProblem> {
        do throws(HTTPProblem) {
            guard let signer else { return .success(try connection.send(request)) }
            return .success(try connection.send(signer.signed(request, now: Int64(time(nil)))))
        } catch {
            return .failure(error)
        }
    }

    /// A request with the key and the usual limits.
    func request(_ method: String, _ path: String, _ query: [(String, String?)] = []) -> HTTPRequest {
        let pairs = query.compactMap { name, value in value.map { "\(name)=\(Self.escaped($0))" } }
        let address = url + path + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))
        var request = HTTPRequest(method: method, url: address, userAgent: "orchestratorctl/\(Version.text)")
        if signer == nil, let key { request.headers.append(("Authorization", "Bearer \(key.reveal())")) }
        request.timeLimit = timeout
        request.onTick = onTick
        return request
    }

    func request(_ method: String, _ path: String, _ body: JSON, _ headers: [(String, String)]) -> HTTPRequest {
        var request = request(method, path)
        request.headers.append(("Content-Type", "application/json"))
        request.headers += headers.map { (name: $0.0, value: $0.1) }
        request.body = .bytes(body.serialized())
        return request
    }

    private func send(_ request: HTTPRequest) throws(CommandFailure) -> HTTPReply {
        switch outcome(request) {
        case .success(let reply): return reply
        case .failure(let problem): throw failure(problem)
        }
    }

    func failure(_ problem: HTTPProblem) -> CommandFailure {
        switch problem.kind {
        case .unreachable: .failure("cannot reach \(url): \(problem.message)")
        case .timedOut: .failure("\(url) did not answer in time: \(problem.message)")
        case .brokenOff: .failure("\(url) broke off its answer: \(problem.message)")
        case .other: .failure("\(url): \(problem.message)")
        }
    }

    // MARK: Answers

    func json(_ reply: HTTPReply) throws(CommandFailure) -> JSON {
        do throws(JSONError) {
            return try JSON(parsing: reply.body)
        } catch {
            throw .failure("\(url) answered \(reply.status) and no JSON: is it an orchestrator?")
        }
    }

    /// The answer, if it is a good one.
    func checked(_ reply: HTTPReply) throws(CommandFailure) -> HTTPReply {
        guard reply.isSuccess else { throw .failure(Self.message(of: reply, at: url)) }
        return reply
    }

    /// What an answer says went wrong, with its code and status.
    static func message(of reply: HTTPReply, at url: String) -> String {
        let body = try? JSON(parsing: reply.body)
        let (error, status) = (body?["error"], "HTTP \(reply.status)")
        if (300..<400).contains(reply.status) {
            return "\(url) sends elsewhere, to '\(Shown.line(reply.header("location") ?? ""))': give that as --api-url"
        }
        guard let text = error?["message"]?.string ?? body?["message"]?.string ?? error?.string else {
            return "\(url) answered \(reply.status) and no reason"
        }
        let code = error?["code"]?.string.map { "\(Shown.line($0)), " } ?? ""
        var message = "\(Shown.line(text)) (\(code)\(status))"
        if reply.status == 401 { message += "; 'orchestratorctl auth login' signs in" }
        if let wait = reply.header("retry-after").flatMap({ Int($0) }) { message += "; try again in \(wait) s" }
        return message
    }

    /// As one value of a query, or one part of a path.
    static func escaped(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }
        return result
    }
}
