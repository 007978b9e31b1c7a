/// Where a caller wants a job's end announced: the field `webhook` of a request.
package struct WebhookRequest: Sendable, Hashable {
    /// As sent; whether it may be called is for the transport to say.
    package var url: String
    /// Nil where the caller leaves it to us.
    package var secret: String?

    private static let longestURL = 2048

    /// Nil where the request names none. In a form the field is JSON text.
    package init?(_ fields: JSONObject, isForm: Bool = false) throws(APIError) {
        guard let object = try FieldReader(fields, isForm: isForm).object("webhook") else { return nil }
        let reader = FieldReader(object, prefix: "webhook.")
        guard let url = try reader.string("url", atMost: Self.longestURL), !url.isEmpty else {
            throw .missingField("webhook.url")
        }
        self.url = url
        secret = try reader.string("secret", atMost: 256)
        guard secret.map({ WebhookSecret($0) != nil }) ?? true else {
            throw reader.invalid("secret", "must be 'whsec_' and the base64 of 24 to 64 bytes")
        }
    }
}

/// What announcements are signed with, in the form of Standard Webhooks: `whsec_` and base64.
package struct WebhookSecret: Sendable, Hashable {
    private static let prefix = "whsec_"
    /// Bytes that a secret may have; the bounds are the specification's.
    private static let sizes = 24...64

    package var bytes: [UInt8]

    /// Nil for a text of another form and for a key of another size.
    package init?(_ text: String) {
        guard text.hasPrefix(Self.prefix),
            let bytes = try? Base64.decode(Array(text.utf8.dropFirst(Self.prefix.utf8.count)).span),
            Self.sizes.contains(bytes.count)
        else { return nil }
        self.bytes = bytes
    }

    /// A secret of bytes drawn by the caller, 24 to 64 of them.
    package init(bytes: [UInt8]) {
        precondition(Self.sizes.contains(bytes.count))
        self.bytes = bytes
    }

    package var text: String { Self.prefix + String(decoding: Base64.encode(bytes.span), as: UTF8.self) }
}
