internal import Orchestrator
internal import Persistence

/// Signs requests instead of sending the key along (docs/accounts.md, "Signed requests").
struct RequestSigner {
    /// Of the daemon's making: `orks_KEY_SECRET`.
    let signingKey: Secret

    private static let parts = 3

    /// Nil for what is no signing key.
    init?(_ text: String) {
        let parts = text.split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == Self.parts, parts[0] == "orks",
            parts.dropFirst().allSatisfy({ Hex.bytes($0)?.count == 32 })
        else { return nil }
        signingKey = Secret(text)
    }

    /// The request with its proof, its body as it will be sent; `base` is what the server's address begins with.
    func signed(_ request: HTTPRequest, now: Int64) -> HTTPRequest {
        var request = request
        let body = request.bytes()
        let target = Self.target(of: request.url)
        let nonce = Hex.text(SecureRandom().bytes(16))
        let digest = Hex.text(SHA256.digest(of: body.span))
        let text = signingKey.reveal()
        let message = ["v1", request.method, target, "\(now)", nonce, digest].joined(separator: "\n")
        let code = MessageAuthentication.code(for: message.utf8Span.span, key: text.utf8Span.span)
        request.headers += [
            ("Authorization", "Signed " + text.split(separator: "_")[1]), ("X-Signature-Timestamp", "\(now)"),
            ("X-Signature-Nonce", nonce), ("X-Content-SHA256", digest), ("X-Signature", "v1=" + Hex.text(code)),
        ]
        return request
    }

    /// Path and query, as libcurl sends them.
    static func target(of url: String) -> String {
        let rest = url.firstRange(of: "://").map { url[$0.upperBound...] } ?? url[...]
        guard let start = rest.firstIndex(where: { $0 == "/" || $0 == "?" }) else { return "/" }
        return (rest[start] == "?" ? "/" : "") + rest[start...].prefix { $0 != "#" }
    }
}

extension HTTPRequest {
    /// The body as bytes, a form written out: what is signed must be what is sent.
    fileprivate mutating func bytes() -> [UInt8] {
        switch body {
        case .none: return []
        case .bytes(let bytes): return bytes
        case .form(let parts):
            let boundary = "orchestratorctl-" + Hex.text(SecureRandom().bytes(16))
            var bytes: [UInt8] = []
            for part in parts {
                var head = "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(Self.escaped(part.name))\""
                if let file = part.fileName { head += "; filename=\"\(Self.escaped(file))\"" }
                if let type = part.mediaType { head += "\r\nContent-Type: \(type)" }
                bytes += Array((head + "\r\n\r\n").utf8) + part.bytes + Array("\r\n".utf8)
            }
            bytes += "--\(boundary)--\r\n".utf8
            headers.append(("Content-Type", "multipart/form-data; boundary=\(boundary)"))
            body = .bytes(bytes)
            return bytes
        }
    }

    /// As libcurl writes names into forms.
    private static func escaped(_ name: String) -> String {
        var text = ""
        for scalar in name.unicodeScalars {
            switch scalar {
            case "\"": text += "%22"
            case "\r": text += "%0D"
            case "\n": text += "%0A"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
