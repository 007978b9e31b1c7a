import Orchestrator
import Persistence
import Transport

extension WebhookRequest {
    private static let secretBytes = 32

    /// Where the end of a request's job is announced; nil when it names no webhook.
    ///
    /// Throws for an address that is none or may never be called. What a host's name leads to is looked at when it is called.
    static func target(
        _ fields: JSONObject,
        _ settings: ServerSettings,
        _ time: any TimeSource
    ) throws(APIError) -> WebhookTarget? {
        // A form can only say it as a text.
        guard let wanted = try WebhookRequest(fields, isForm: fields["webhook"]?.string != nil) else { return nil }
        let url: UpstreamURL
        do throws(UpstreamURL.Refusal) {
            url = try UpstreamURL(wanted.url)
        } catch {
            throw .invalidValue("webhook.url", error.message)
        }
        guard settings.allowPrivateURLs || url.mayBePublic else {
            throw .invalidValue("webhook.url", "it points at an address that may not be called")
        }
        return WebhookTarget(
            id: time.makeID(),
            url: wanted.url,
            secret: wanted.secret ?? WebhookSecret(bytes: SecureRandom().bytes(secretBytes)).text
        )
    }
}

extension UpstreamURL {
    /// False where the host alone says that it is none of the Internet's.
    fileprivate var mayBePublic: Bool {
        guard let address else {
            return origin.host != "localhost" && !origin.host.hasSuffix(".localhost")
        }
        return address.isPublic
    }
}
