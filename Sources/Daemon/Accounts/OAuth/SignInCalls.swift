import Orchestrator
import Transport

/// Calls to identity providers: JSON answers, small, soon, and no redirects.
///
/// What they answer is nobody's business: neither callers nor the log hear more of it than status and error code.
struct SignInCalls: Sendable {
    private static let timeLimit = Duration.seconds(10)
    private static let largestAnswer: Int64 = 256 << 10

    let upstream: any Upstream
    /// Which addresses calls to hosts may reach that the configuration does not name itself.
    let reachElsewhere: @Sendable () -> Reach

    /// One answer that is a document.
    struct Answer: Sendable {
        var status: Int
        var document: JSON

        var isSuccess: Bool { (200..<300).contains(status) }

        /// The provider's own word for what is wrong, where it is one word.
        var errorCode: String? {
            guard let code = document["error"]?.string, (1...64).contains(code.utf8.count),
                code.utf8.allSatisfy({ (0x61...0x7A).contains($0) || $0 == UInt8(ascii: "_") })
            else { return nil }
            return code
        }
    }

    /// Asks for a document; `home` is an address of the configuration, whose host may be anywhere.
    func get(_ url: String, token: Secret? = nil, home: String, of title: String) async throws(APIError) -> Answer {
        var request = WireRequest(.get, url, authentication: token == nil ? .none : .bearer)
        request.headers = [("accept", "application/json")]
        return try await send(request, token, home, title)
    }

    /// Posts a plain form.
    func post(
        _ url: String,
        _ form: [(name: String, value: String)],
        home: String,
        of title: String
    ) async throws(APIError) -> Answer {
        let body = ByteSource.bytes(Array(PercentEncoding.form(form).utf8))
        var request = WireRequest(.post, url, body: .bytes(body))
        request.headers = [("accept", "application/json"), ("content-type", FormText.mediaType)]
        return try await send(request, nil, home, title)
    }

    private func send(
        _ request: WireRequest,
        _ token: Secret?,
        _ home: String,
        _ title: String
    ) async throws(APIError) -> Answer {
        // Nobody may lead a call that carries secrets from https to a connection that can be listened to.
        let (target, own) = (WebOrigin(request.url), WebOrigin(home))
        guard let target, let own, target.scheme == "https" || own.scheme == "http" else {
            throw Self.unavailable(title, "it names '\(request.url.prefix(200))' as an address")
        }
        var call = UpstreamCall(request, credential: token, timeLimit: Self.timeLimit)
        call.maxReplyBytes = Self.largestAnswer
        call.reach = target.host == own.host ? .anywhere : reachElsewhere()
        let reply: WireReply
        do throws(UpstreamError) {
            reply = try await upstream.send(call, sinks: NowhereSinks()).reply
        } catch {
            throw Self.unavailable(title, "\(request.url): \(error.detail)")
        }
        guard reply.status < 500, reply.status != 429 else {
            throw Self.unavailable(title, "\(request.url): status \(reply.status)")
        }
        return Answer(status: reply.status, document: reply.document ?? .null)
    }

    /// 503 for a provider that cannot be asked, or answers nonsense.
    static func unavailable(_ title: String, _ detail: String) -> APIError {
        .overloaded("\(title) cannot be reached at the moment; try again", detail: "sign-in with \(title): \(detail)")
    }

    /// 400 for a code that a provider does not take.
    static func refused(_ title: String, _ answer: Answer) -> APIError {
        var error = APIError.invalidValue("code", "\(title) does not accept it: begin the sign-in again")
        error.detail = "sign-in with \(title): status \(answer.status), \(answer.errorCode ?? "no error code")"
        return error
    }
}
