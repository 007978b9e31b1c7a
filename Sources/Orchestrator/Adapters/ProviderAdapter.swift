/// One upstream image service reduced to translation: no I/O, no timer, no retry; the engine does those, alike for all.
public protocol ProviderAdapter: Sendable {
    /// The name that `adapter:` selects in `providers.yaml`.
    static var kind: String { get }

    /// Keys of a provider's entry that this kind reads beyond the common ones.
    static var providerKeys: Set<String> { get }

    /// Keys of a model's entry that this kind reads beyond the common ones.
    static var modelKeys: Set<String> { get }

    /// JSON Schemas of `providerKeys` and `modelKeys`, by key, for editors; a key without one may hold anything.
    static var keySchemas: [String: JSON] { get }

    /// Every mistake that `init` would meet one by one, in the order of the file; none where the entry can be read.
    static func mistakes(in node: ConfigNode) -> [ConfigError]

    /// Reads its own part of a provider's entry; the error points at the offending key.
    init(_ node: ConfigNode) throws(ConfigError)

    /// How the credential is shown where the engine fetches a picture from the provider's own origin.
    var authentication: Authentication { get }

    /// What the adapter knows of a model by itself, where the registry is silent; nil for a model that this kind cannot serve.
    func knownCapabilities(of model: String) -> ModelCapabilities?

    /// The most tokens that `request` can consume, where the vendor bills by token and its rule is known.
    func tokenBound(of request: ProviderRequest) -> TokenUsage?

    /// How the vendor counts the tokens of a model's drawings; nil where it does not bill by the token, or nothing is known.
    func tokenRule(of model: String) -> TokenRule?

    /// The pictures that have to be handed over by calls of their own before `request` can be made.
    func uploads(for request: ProviderRequest) -> [InputImage]

    /// Whether `encode` needs the bytes of the pictures of `request`: those in files are read into memory before.
    func readsPictures(of request: ProviderRequest) -> Bool

    /// Builds one call; pure, equal inputs give equal bytes.
    func encode(_ call: VendorCall) throws(ProviderFailure) -> WireRequest

    /// Reads one complete reply: pictures, a handle to poll, or the failure class it announces.
    func decode(_ reply: WireReply, to call: VendorCall) throws(ProviderFailure) -> Outcome

    /// Reads one event of a reply that is a stream.
    func decode(_ event: WireEvent, to call: VendorCall) throws(ProviderFailure) -> StreamStep
}

extension ProviderAdapter {
    /// None.
    public static var providerKeys: Set<String> { [] }
    /// None.
    public static var modelKeys: Set<String> { [] }
    /// None.
    public static var keySchemas: [String: JSON] { [:] }
    /// None that would be known before `init` says so.
    public static func mistakes(in node: ConfigNode) -> [ConfigError] { [] }
    /// `Authorization: Bearer …`.
    public var authentication: Authentication { .bearer }
    /// No: a form takes them as they are.
    public func readsPictures(of request: ProviderRequest) -> Bool { false }
    /// Unknown: the registry's price is all there is.
    public func tokenBound(of request: ProviderRequest) -> TokenUsage? { nil }
    /// Unknown.
    public func tokenRule(of model: String) -> TokenRule? { nil }
    /// None: pictures travel in the call itself.
    public func uploads(for request: ProviderRequest) -> [InputImage] { [] }
    /// A kind whose models do not list `stream` is never asked for one.
    public func decode(_ event: WireEvent, to call: VendorCall) throws(ProviderFailure) -> StreamStep { .ignored }
}

/// A kind that draws by itself, without any call.
public protocol LocalAdapter: ProviderAdapter {
    /// The pictures for `request`, as many as it asks; called on a thread that may be kept busy.
    func draw(_ request: ProviderRequest) throws(ProviderFailure) -> [[UInt8]]
}

/// A kind whose vendor says by a call of its own, signed as Standard Webhooks has it, that work has ended.
///
/// Its `encode` asks for that where `ProviderRequest.newsURL` is set, and its entries may have a `webhook_secret`.
public protocol AnnouncingAdapter: ProviderAdapter {
    /// The vendor's name for the work that a piece of news is about; nil for news about something else.
    static func work(in news: JSON) -> String?
}

/// The calls that one attempt consists of; which of them a vendor needs, its adapter says by its outcomes.
public enum VendorCall: Sendable {
    /// Hands over one input picture before the work is asked for; the adapter asked for it by `uploads(for:)`.
    case upload(InputImage)
    /// Asks for the work. `uploads` are the names that the vendor gave the pictures handed over, by digest.
    case create(ProviderRequest, uploads: [String: String])
    /// Asks how far the work is.
    case poll(VendorHandle)
    /// Collects the result of finished work, for vendors that keep it at a further address.
    case collect(VendorHandle)
    /// Asks that the work be stopped.
    case cancel(VendorHandle)
}

/// What a reply means.
public enum Outcome: Sendable {
    /// The work is done.
    case pictures([VendorPicture], usage: TokenUsage?)
    /// The work goes on; ask again, not before `after` if given.
    case pending(VendorHandle, after: Duration?)
    /// The work is done and lies at the handle's `collectURL`.
    case ready(VendorHandle)
    /// A picture was handed over and has this name now.
    case uploaded(String)
    /// The vendor has stopped, or had already ended, the work.
    case canceled
}

/// The vendor's name for work that outlives a call; kept in the record, so that a restart finds the work again.
public struct VendorHandle: Sendable, Hashable {
    /// The vendor's id.
    public var id: String
    /// Absolute address to ask how far it is.
    public var pollURL: String
    /// Absolute address of the result, where it is another.
    public var collectURL: String?
    /// Absolute address to stop it.
    public var cancelURL: String?

    /// A handle as the vendor gave it.
    public init(id: String, pollURL: String, collectURL: String? = nil, cancelURL: String? = nil) {
        self.id = id
        self.pollURL = pollURL
        self.collectURL = collectURL
        self.cancelURL = cancelURL
    }
}

/// One picture of a reply.
public struct VendorPicture: Sendable, Hashable {
    /// Where its bytes are.
    public enum Source: Sendable, Hashable {
        /// In the reply, decoded while it arrived.
        case blob(BlobID)
        /// In the reply, short enough to have been left as text; may begin with `data:`.
        case base64(String)
        /// Elsewhere, to be fetched at once; `authenticated` sends the credential along if the host is the provider's own.
        case url(String, authenticated: Bool)
    }

    /// Where the bytes are.
    public var source: Source
    /// The seed that the vendor used, where it says.
    public var seed: UInt64?
    /// The prompt as the vendor rewrote it.
    public var revisedPrompt: String?

    /// A picture with nothing known but its bytes.
    public init(_ source: Source, seed: UInt64? = nil, revisedPrompt: String? = nil) {
        self.source = source
        self.seed = seed
        self.revisedPrompt = revisedPrompt
    }

    /// The picture in a JSON value that should be base64; nil when it is something else.
    public static func inline(_ value: JSON?, seed: UInt64? = nil, revisedPrompt: String? = nil) -> VendorPicture? {
        switch value {
        case .blob(let blob): VendorPicture(.blob(blob), seed: seed, revisedPrompt: revisedPrompt)
        case .string(let text) where !text.isEmpty:
            VendorPicture(.base64(text), seed: seed, revisedPrompt: revisedPrompt)
        default: nil
        }
    }
}

/// One event of a streamed reply.
public struct WireEvent: Sendable {
    /// The `event:` line, empty where there was none.
    public var name: String
    /// The `data:` as a document; `.null` where it is none.
    public var document: JSON

    /// An event as the transport, or a test, read it.
    public init(name: String, document: JSON) {
        self.name = name
        self.document = document
    }
}

/// What an event of a stream means.
public enum StreamStep: Sendable {
    /// An early view of a picture; `index` counts from 0.
    case partial(VendorPicture, index: Int)
    /// One picture is done.
    case completed(VendorPicture, usage: TokenUsage?)
    /// Nothing for us.
    case ignored
}
