import Orchestrator

/// Every key that `providers.yaml` may have, with what it takes, its default, and a sentence about it.
///
/// The adapters' own keys come from the kinds; their values are judged by the adapters.
struct SettingKeys: Sendable {
    var kinds: AdapterKinds

    /// The whole file.
    var file: Section {
        Section([
            Key(required: "version", .scalar(.integer(1...1)), "Version of this format: 1."),
            Key("server", .section(server), "How the daemon is reached, and how it behaves as a whole."),
            Key(
                "database",
                .scalar(.database),
                "`sqlite` (in the data directory), or a postgres:// URL by reference.",
                standard: "sqlite"
            ),
            Key("storage", .section(storage), "Where pictures are kept."),
            Key("routing", .section(routing), "How a provider is chosen, and what follows when it fails."),
            Key("aliases", aliases, "Model names that clients already send, and what they mean here."),
            Key(required: "providers", providers, "The vendor accounts, in the order in which ties are broken."),
            Key("limits", .section(limits), "What callers may take, and how much is queued."),
            Key("billing", .section(billing), "Credits and payments; in force in official mode."),
            Key("auth", .section(auth), "Signing in."),
            Key("moderation", .section(moderation), "Own checks of prompts and pictures."),
            Key("alerts", .section(alerts), "What operators are told of."),
        ])
    }

    private var server: Section {
        Section([
            Key(
                "listen",
                .scalar(.listenAddress),
                "HOST:PORT to listen on; port 0 picks one.",
                standard: "127.0.0.1:8080"
            ),
            Key(
                "public_url",
                .scalar(.serviceURL),
                "What links in answers start with.",
                standard: "http://127.0.0.1:8080"
            ),
            Key(
                "mode",
                word(DeploymentMode.self, "mode"),
                "self-hosted: no credits, no payments. official: both.",
                standard: "self-hosted"
            ),
            Key("require_own_key", flag, "Whether callers bring their own vendor keys.", standard: false),
            Key(
                "trusted_proxies",
                .list(of: .scalar(.network), atLeast: 0),
                "CIDR blocks whose X-Forwarded-For counts.",
                standard: []
            ),
            Key(
                "cors_origins",
                .list(of: .scalar(.origin), atLeast: 0),
                "Origins whose pages may call.",
                standard: ["*"]
            ),
            Key("watch", flag, "Whether a changed file is loaded by itself.", standard: true),
            Key(
                "allow_private_urls",
                flag,
                "Whether webhooks and image URLs may point at loopback and private addresses.",
                standard: false
            ),
            Key(
                "default_response_format",
                word(ResponseFormat.self, "response format"),
                "How pictures are answered for `auto` and models without a custom of their own.",
                standard: "url"
            ),
            Key("images_public", flag, "Whether new pictures are public.", standard: false),
            Key(
                "provenance",
                word(ProvenanceMarking.self, "marking"),
                "keep: files stay as the vendor made them. embed: those that do not say so are marked as AI-generated.",
                standard: "keep"
            ),
        ])
    }

    private var storage: Section {
        Section(
            [
                Key(
                    "adapter",
                    .scalar(.word(["filesystem", "s3"], noun: "storage adapter")),
                    "filesystem: DATA_DIR/artifacts. s3: a bucket.",
                    standard: "filesystem"
                ),
                Key(
                    "retention",
                    milliseconds(60_000...3_650 * 86_400_000),
                    "How long pictures are kept; without it, until they are deleted."
                ),
            ],
            variants: Variants(
                key: "adapter",
                standard: "filesystem",
                cases: [
                    ("filesystem", []),
                    (
                        "s3",
                        [
                            Key(required: "endpoint", .scalar(.serviceURL), "Address of the S3-compatible service."),
                            Key("region", .scalar(.text), "Region to sign for.", standard: "us-east-1"),
                            Key(required: "bucket", .scalar(.identifier), "Bucket; it must exist."),
                            Key(
                                "addressing",
                                word(S3Settings.Addressing.self, "addressing"),
                                "Where the bucket's name stands: in the path, or in front of the host.",
                                standard: "path"
                            ),
                            Key(required: "access_key", .scalar(.secret), "Access key id, by reference."),
                            Key(required: "secret_key", .scalar(.secret), "Secret access key, by reference."),
                        ]
                    ),
                ]
            )
        )
    }

    private var limits: Section {
        Section([
            Key("per_ip", .scalar(.rate), "Image requests from one address.", standard: "10/min"),
            Key("per_key", .scalar(.rate), "Image requests with one key.", standard: "60/min"),
            Key("global", .scalar(.rate), "Image requests in all.", standard: "100/hour"),
            Key("spend_per_day", .scalar(.dollars), "Dollars that vendors may cost in a UTC day.", standard: 10),
            Key("json_body", .scalar(.bytes(1024...1 << 30)), "Largest JSON body.", standard: "10MiB"),
            Key("upload", .scalar(.bytes(1024...(1 << 32) - 1)), "Largest multipart body.", standard: "100MiB"),
            Key("queue", .scalar(.integer(1...1_000_000)), "Jobs accepted and unfinished.", standard: 1000),
        ])
    }

    // MARK: - Pieces

    var flag: Shape { .scalar(.flag) }

    func word<T: RawRepresentable<String> & CaseIterable>(_ type: T.Type, _ noun: String) -> Shape {
        .scalar(.word(T.allCases.map(\.rawValue), noun: noun))
    }

    func milliseconds(_ range: ClosedRange<Int64>) -> Shape {
        .scalar(.duration(.milliseconds(range.lowerBound)...(.milliseconds(range.upperBound))))
    }
}
