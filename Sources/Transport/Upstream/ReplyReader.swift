import Orchestrator

/// Reads the body of one reply as what its head says it is, and knows nothing of connections.
final class ReplyReader {
    /// Why a reply is not what its head says.
    struct Defect: Error {
        var message: String
    }

    private enum Form {
        case document, picture, events, text
    }

    /// Of a text, or of an error's document that proves to be none, so much is kept.
    static let textLimit = 64 << 10

    private let form: Form
    private let isSuccess: Bool
    private let blobStore: BlobStore
    private var scanner: ImageScanner?
    private var eventReader: EventReader?
    private var picture: (any ArtifactSink)?
    private var text: [UInt8] = []
    /// Whether a document has proved to be none, which is only text where the reply is an error.
    private var isNoDocument = false
    private var isEmpty = true

    /// `mediaType` is the reply's own, lower case, without parameters.
    init(kind: ReplyKind, status: Int, mediaType: String, sinks: any SinkMaker) {
        isSuccess = (200..<300).contains(status)
        let store = BlobStore(sinks)
        blobStore = store
        form =
            switch kind {
            case .picture where isSuccess: .picture
            case .events where isSuccess && mediaType == "text/event-stream": .events
            case .document where isSuccess && mediaType.hasPrefix("image/"): .picture
            default: mediaType == "application/json" || mediaType.hasSuffix("+json") ? .document : .text
            }
        switch form {
        case .document: scanner = ImageScanner(open: { _ in store.makeSink() })
        case .picture: picture = store.makeSink()
        case .events: eventReader = EventReader(sinks)
        case .text: break
        }
    }

    /// Whether the reply is a stream of events, to be taken by `takeEvents`.
    var isStream: Bool { form == .events }

    /// Places for pictures of this reply, in the order of their `BlobID`; a stream's go with its events.
    var blobs: [any ArtifactSink] { blobStore.sinks }

    /// Whether there is anything that `pendingBytes` could be about.
    var hasSinks: Bool { !blobStore.sinks.isEmpty || eventReader != nil }

    /// Bytes of pictures that are not put away yet.
    var pendingBytes: Int { blobStore.pendingBytes + (eventReader?.pendingBytes ?? 0) }

    /// Takes the next bytes; throws when a success is not the document that it should be.
    func consume(_ bytes: Span<UInt8>) throws(Defect) {
        isEmpty = isEmpty && bytes.isEmpty
        switch form {
        case .picture:
            picture?.write(bytes)
        case .events:
            eventReader?.consume(bytes)
        case .text:
            keep(bytes)
        case .document:
            if !isSuccess { keep(bytes) }
            guard !isNoDocument else { return }
            do throws(JSONError) {
                try scanner?.consume(bytes)
            } catch {
                try refuse(error)
            }
        }
    }

    /// Ends the reply; nil for a stream of events.
    func finish() throws(Defect) -> WireReply.Body? {
        switch form {
        case .picture:
            picture?.finish()
            return .picture(BlobID(index: 0))
        case .events:
            if eventReader?.isInsideEvent == true { throw Defect(message: "the stream breaks off in an event") }
            return nil
        case .text:
            return .text(keptText)
        case .document:
            // Some vendors label an empty reply (204, a cancelled job) as JSON.
            if isEmpty { return .text("") }
            guard !isNoDocument else { return .text(keptText) }
            do throws(JSONError) {
                if let document = try scanner?.finish() { return .document(document) }
            } catch {
                try refuse(error)
            }
            return .text(keptText)
        }
    }

    /// The events that are complete and have not been taken yet.
    func takeEvents() -> [UpstreamEvent] {
        eventReader?.takeEvents() ?? []
    }

    /// Throws away what was read.
    func abort() {
        blobStore.abort()
        eventReader?.abort()
    }

    private var keptText: String { String(decoding: text, as: UTF8.self) }

    private func keep(_ bytes: Span<UInt8>) {
        text.append(bytes.extracting(first: min(bytes.count, ReplyReader.textLimit - text.count)))
    }

    /// An error that a proxy on the way wrote in HTML under the vendor's JSON type is still a readable error.
    private func refuse(_ error: JSONError) throws(Defect) {
        // The parser's own message may quote the body, which belongs in no log.
        if isSuccess { throw Defect(message: "the document is no JSON (byte \(error.offset))") }
        isNoDocument = true
        blobStore.abort()
        blobStore.removeAll()
    }
}

/// Reads the events of a stream, each with a document of its own.
private struct EventReader {
    private static let lineFeed: [UInt8] = [0x0A]

    private let maker: any SinkMaker
    private var parser = ServerSentEvents()
    private var store: BlobStore
    private var scanner: ImageScanner?
    private var isNoDocument = false
    private var events: [UpstreamEvent] = []
    /// Sinks of events that have been taken, until they have put their bytes away.
    private var draining: [any ArtifactSink] = []

    init(_ maker: any SinkMaker) {
        self.maker = maker
        store = BlobStore(maker)
    }

    var isInsideEvent: Bool { parser.isInsideEvent }

    var pendingBytes: Int {
        draining.reduce(store.pendingBytes) { $0 + $1.pendingBytes }
    }

    mutating func consume(_ bytes: Span<UInt8>) {
        var index = 0
        while let part = parser.next(in: bytes, at: &index) {
            switch part {
            case .data(let range): data(bytes.extracting(range))
            case .lineFeed: data(EventReader.lineFeed.span)
            case .end(let name): endOfEvent(name)
            }
        }
    }

    private mutating func data(_ piece: Span<UInt8>) {
        guard !isNoDocument else { return }
        if scanner == nil {
            let store = store
            scanner = ImageScanner(open: { _ in store.makeSink() })
        }
        do throws(JSONError) {
            try scanner?.consume(piece)
        } catch {
            isNoDocument = true
        }
    }

    private mutating func endOfEvent(_ name: String) {
        var document = JSON.null
        do throws(JSONError) {
            if !isNoDocument, let whole = try scanner?.finish() { document = whole }
        } catch {
            isNoDocument = true  // `[DONE]`, most often
        }
        if isNoDocument {
            store.abort()
            store.removeAll()
        }
        // The parser calls an event without a name `message`, as the standard does; ours have none then.
        let event = WireEvent(name: name == "message" ? "" : name, document: document)
        events.append(UpstreamEvent(event: event, blobs: store.sinks))
        draining.removeAll { $0.pendingBytes == 0 }
        draining += store.sinks
        store = BlobStore(maker)
        scanner = nil
        isNoDocument = false
    }

    mutating func takeEvents() -> [UpstreamEvent] {
        defer { events.removeAll(keepingCapacity: true) }
        return events
    }

    /// Throws away what no event has taken along.
    func abort() {
        store.abort()
    }
}

/// The sinks of one document; shared with the closure that the scanner opens them by, on one thread.
private final class BlobStore {
    private let maker: any SinkMaker
    private(set) var sinks: [any ArtifactSink] = []

    init(_ maker: any SinkMaker) {
        self.maker = maker
    }

    var pendingBytes: Int { sinks.reduce(0) { $0 + $1.pendingBytes } }

    func makeSink() -> any ArtifactSink {
        let sink = maker.makeSink()
        sinks.append(sink)
        return sink
    }

    func abort() {
        for sink in sinks { sink.abort() }
    }

    func removeAll() { sinks = [] }
}
