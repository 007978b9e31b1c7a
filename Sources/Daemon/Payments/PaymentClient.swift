import Orchestrator

/// Makes calls to a payment vendor and reads its JSON.
struct PaymentClient: Sendable {
    let upstream: any Upstream
    let time: any TimeSource
    let credential: Secret

    private static let timeLimit = Duration.seconds(15)
    private static let largestAnswer: Int64 = 1 << 20
    private static let firstPause = Duration.milliseconds(250)
    /// Of a call that may be repeated.
    private static let tries = 3

    /// The document of a success. `isRepeatable`: sending it twice does what sending it once does.
    func send(_ request: WireRequest, isRepeatable: Bool) async throws(PaymentError) -> JSON {
        var (number, pause) = (1, Self.firstPause)
        while true {
            do throws(PaymentError) {
                return try await attempt(request)
            } catch {
                guard isRepeatable, error.kind == .unreachable, number < Self.tries else { throw error }
                guard (try? await time.sleep(for: pause * (0.5 + time.jitter() / 2))) != nil else { throw error }
            }
            (number, pause) = (number + 1, pause * 2)
        }
    }

    private func attempt(_ request: WireRequest) async throws(PaymentError) -> JSON {
        // The operator names the address; redirects are not followed, the credential goes nowhere else.
        var call = UpstreamCall(request, credential: credential, timeLimit: Self.timeLimit)
        call.maxReplyBytes = Self.largestAnswer
        let reply: WireReply
        do throws(UpstreamError) {
            reply = try await upstream.send(call, sinks: NowhereSinks()).reply
        } catch {
            throw PaymentError(.unreachable, error.detail)
        }
        guard reply.isSuccess else {
            let isPassing = reply.status >= 500 || reply.status == 429 || reply.status == 409
            throw PaymentError(isPassing ? .unreachable : .refused, "status \(reply.status): \(Self.words(reply))")
        }
        guard let document = reply.document, document.object != nil else {
            throw PaymentError(.unreachable, "status \(reply.status) without a JSON object")
        }
        return document
    }

    /// What the vendor says is wrong, in short; for the log.
    private static func words(_ reply: WireReply) -> String {
        let said: String
        switch reply.body {
        case .document(let document):
            said = document.value(at: "/error/message")?.string ?? document["message"]?.text ?? document.text
        case .text(let text): said = text
        case .picture: said = "a picture"
        }
        return String(said.prefix(300))
    }
}

/// `application/x-www-form-urlencoded`, as the URL Standard has it.
enum FormURLEncoding {
    static func bytes(_ fields: [(name: String, value: String)]) -> [UInt8] {
        Array(fields.map { escaped($0.name) + "=" + escaped($0.value) }.joined(separator: "&").utf8)
    }

    static func escaped(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += "%" + (digits.utf8.count < 2 ? "0" : "") + digits
            }
        }
        return result
    }
}
