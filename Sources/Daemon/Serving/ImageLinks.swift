import Orchestrator
import Persistence

/// Makes and checks the links under which pictures are served.
///
/// A private picture's link carries an expiry and an HMAC over method, path and expiry, so that it can be handed to a
/// browser or a chat without a key.
struct ImageLinks: Sendable {
    /// Links live so long from the picture's making; one asked for later is good for some days from then.
    private static let life = Duration.seconds(7 * 86_400)
    private static let laterLife = 2

    let publicURL: String
    private let secret: [UInt8]

    init(publicURL: String, secret: [UInt8]) {
        self.publicURL = publicURL
        self.secret = secret
    }

    func path(of image: ImageRecord) -> String {
        "/images/\(image.id).\(image.format.fileExtension)"
    }

    /// The same picture gives the same link for days, so that a repeated answer is equal to the first.
    func link(to image: ImageRecord, now: Timestamp) -> String {
        let path = path(of: image)
        guard !image.isPublic else { return publicURL + path }
        let first = (image.created + Self.life).seconds
        let expires = first > now.seconds ? first : Day(number: now.day.number + Self.laterLife).start.seconds
        return "\(publicURL)\(path)?expires=\(expires)&signature=\(signature(path, expires: expires))"
    }

    /// Whether a request for `path` carries a signature of ours that has not expired.
    func isValid(path: String, expires: String?, signature: String?, now: Timestamp) -> Bool {
        guard let expires, let signature, let time = Int64(expires), time > now.seconds, "\(time)" == expires,
            let code = Hex.bytes(signature)
        else { return false }
        return MessageAuthentication.isValid(code, for: message(path, time).span, key: secret.span)
    }

    private func signature(_ path: String, expires: Int64) -> String {
        Hex.text(MessageAuthentication.code(for: message(path, expires).span, key: secret.span))
    }

    private func message(_ path: String, _ expires: Int64) -> [UInt8] {
        Array("GET\n\(path)\n\(expires)".utf8)
    }
}
