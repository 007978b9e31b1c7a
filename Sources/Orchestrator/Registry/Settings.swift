/// The `server:` section.
package struct ServerSettings: Sendable {
    package var listen = "127.0.0.1:8080"
    /// Links in answers start with it; nil: made from the address that is listened on.
    package var publicURL: String?
    package var mode = DeploymentMode.selfHosted
    package var requireOwnKey = false
    /// CIDR blocks whose `X-Forwarded-For` counts.
    package var trustedProxies: [String] = []
    package var corsOrigins = ["*"]
    package var watch = true
    /// Whether webhooks and image URLs may point at loopback and private addresses.
    package var allowPrivateURLs = false
    package var defaultResponseFormat = ResponseFormat.url
    package var imagesPublic = false
    package var provenance = ProvenanceMarking.keep

    package init() {}
}

package enum DeploymentMode: String, Sendable, CaseIterable {
    case selfHosted = "self-hosted"
    case official
}

package enum DatabaseSettings: Sendable {
    case sqlite
    /// The whole URL with its password.
    case postgres(Secret)
}

package enum StorageSettings: Sendable {
    /// `DATA_DIR/artifacts`.
    case filesystem
    /// A bucket of an S3-compatible service.
    case s3(S3Settings)
}

/// A bucket of an S3-compatible service, and who may use it.
package struct S3Settings: Sendable, Hashable {
    /// Where the bucket's name stands in an address.
    package enum Addressing: String, Sendable, CaseIterable {
        /// As the first segment of the path behind the endpoint's own; every service takes it.
        case path
        /// In front of the endpoint's host.
        case host
    }

    /// Absolute, without trailing slash.
    package var endpoint: String
    package var region: String
    package var bucket: String
    package var addressing = Addressing.path
    package var accessKey: Secret
    package var secretKey: Secret

    package init(endpoint: String, region: String, bucket: String, accessKey: Secret, secretKey: Secret) {
        self.endpoint = endpoint
        self.region = region
        self.bucket = bucket
        self.accessKey = accessKey
        self.secretKey = secretKey
    }
}

/// The `routing:` section without its policies.
package struct RoutingSettings: Sendable {
    package var policy = "price"
    /// For one request from its acceptance.
    package var deadline = Duration.seconds(180)
    /// For one picture, 1...6.
    package var maxAttempts = 4
    package var fidelity = Fidelity.adapt
    package var onRefusal = OnRefusal.stop
    package var onUnknownOutcome = OnUnknownOutcome.fallback
    /// Whether fewer pictures than asked are delivered, or none.
    package var partialResults = true

    package init() {}
}

/// What a vendor's content refusal does.
package enum OnRefusal: String, Sendable, CaseIterable {
    case stop, fallback
}

/// What an attempt without an answer does.
package enum OnUnknownOutcome: String, Sendable, CaseIterable {
    /// One further attempt, at another provider.
    case fallback
    case fail
}

/// How candidates are ranked.
package struct RoutingPolicy: Sendable, Hashable {
    package enum Rank: Sendable, Hashable {
        case cost, score, latency
        /// Shares of cost, score and latency, each 0...1, normalized over the candidates.
        case weighted(cost: Double, score: Double, latency: Double)
        /// These `provider/model`s and no others, in this order.
        case order([String])
    }

    package var rank: Rank
    /// The most that a whole request may cost under this policy.
    package var maxCost: MicroUSD?

    package init(_ rank: Rank, maxCost: MicroUSD? = nil) {
        self.rank = rank
        self.maxCost = maxCost
    }

    /// The policies that exist without being declared.
    package static let standard: [String: RoutingPolicy] = [
        "price": RoutingPolicy(.cost),
        "quality": RoutingPolicy(.score),
        "fast": RoutingPolicy(.latency),
        "balanced": RoutingPolicy(.weighted(cost: 0.4, score: 0.4, latency: 0.2)),
    ]
}

/// A name that clients already send, and what it means here.
package struct ModelAlias: Sendable {
    /// The model it stands for; nil: any, under `policy`.
    package var model: String?
    package var policy: String?
    /// Replaces the `quality` sent, word by word.
    package var quality: [String: Tier] = [:]
    package var size: [PixelSize: PixelSize] = [:]

    package init() {}
}

/// The `limits:` section.
package struct LimitSettings: Sendable {
    package var perIP = Rate(count: 10, window: .seconds(60))
    package var perKey = Rate(count: 60, window: .seconds(60))
    package var global = Rate(count: 100, window: .seconds(3600))
    package var spendPerDay = MicroUSD(micros: 10_000_000)
    /// Bytes of a JSON body.
    package var jsonBody = 10 << 20
    /// Bytes of a multipart body.
    package var upload = 100 << 20
    /// Jobs accepted and not ended.
    package var queue = 1000

    package init() {}
}

/// The `moderation:` section.
package struct ModerationSettings: Sendable {
    package var blockedWords: [String] = []
    package var endpoint: ModerationEndpoint?

    package init() {}
}

/// An OpenAI-style moderation service.
package struct ModerationEndpoint: Sendable {
    package enum Check: String, Sendable, CaseIterable { case prompt, result }
    package enum OnError: String, Sendable, CaseIterable { case allow, deny }

    package var baseURL: String
    package var credential: Secret?
    package var model: String
    package var checks: Set<Check> = [.prompt]
    package var onError = OnError.allow

    package init(baseURL: String, credential: Secret?, model: String) {
        self.baseURL = baseURL
        self.credential = credential
        self.model = model
    }
}
