import Orchestrator

/// The schemas that several routes share, by the names under which the API description has them.
enum Component: String, Sendable, CaseIterable {
    case error = "Error"
    case galleryError = "GalleryError"
    /// As RFC 6749 and RFC 8628 have it.
    case oauthError = "OAuthError"
    case device = "Device"
    case imageGeneration = "ImageGeneration"
    case imageEdit = "ImageEdit"
    case imageEditForm = "ImageEditForm"
    case imageVariation = "ImageVariation"
    case imageVariationForm = "ImageVariationForm"
    case policy = "Policy"
    case routing = "Routing"
    case webhook = "Webhook"
    case images = "Images"
    case route = "Route"
    case job = "Job"
    case attempt = "Attempt"
    case image = "Image"
    case galleryPicture = "GalleryPicture"
    case model = "Model"
    case key = "Key"
    case newKey = "NewKey"
    case user = "User"
    case pack = "Pack"
    case transaction = "Transaction"
    case usage = "Usage"
    case usedModel = "ModelUsage"
    case auditEntry = "AuditEntry"
    case provider = "Provider"
    case registry = "Registry"

    /// `policies` are the names that the registry in force gives to ways of choosing.
    func schema(policies: [String]) -> JSON {
        switch self {
        case .error: Self.errorObject
        case .galleryError: Schema.object(["error": Schema.text, "message": Schema.text])
        case .oauthError:
            Schema.object(["error": Schema.anything], optional: ["error_description": Schema.text])
        case .device: Self.deviceObject
        case .imageGeneration: Self.request(.generate, isForm: false)
        case .imageEdit: Self.request(.edit, isForm: false)
        case .imageEditForm: Self.request(.edit, isForm: true)
        case .imageVariation: Self.request(.variation, isForm: false)
        case .imageVariationForm: Self.request(.variation, isForm: true)
        case .policy: Schema.choice(policies)
        case .routing: Self.routingWishes
        case .webhook:
            Schema.object(
                ["url": ["type": "string", "minLength": 1, "maxLength": 2048, "format": "uri"]],
                optional: ["secret": Schema.nullable(Schema.text(1...256, pattern: "^whsec_"))]
            )
        case .images: Self.imagesAnswer
        case .route: Self.routePreview
        case .job: Self.jobObject
        case .attempt: Self.attemptObject
        case .image: Self.imageObject
        case .galleryPicture:
            Schema.object([
                "url": Schema.link, "key": Schema.text, "uploaded": Schema.time, "size": Schema.count,
            ])
        case .model: Self.modelObject
        case .key: Schema.object(Self.keyMembers)
        case .newKey: Self.keyWish
        case .user: Self.userObject
        case .pack: Self.packObject
        case .transaction: Self.transactionObject
        case .usage: Self.usageObject
        case .usedModel: Schema.object(Schema.members(["model": Schema.text], Self.sums))
        case .auditEntry: Self.auditObject
        case .provider: Self.providerObject
        case .registry: Self.registryObject
        }
    }

    private static var errorObject: JSON {
        Schema.object([
            "error": Schema.object(
                [
                    "message": Schema.text, "type": Schema.text, "param": Schema.nullable(Schema.text),
                    "code": Schema.text,
                ],
                optional: ["needed": Schema.integer, "available": Schema.integer]
            )
        ])
    }
}
