/// The way out: performs calls to vendors and fetches pictures, with connections kept and every bound enforced.
package protocol Upstream: Sendable {
    /// Performs one call and reads the whole reply; pictures in it go to sinks that `sinks` makes.
    func send(_ call: UpstreamCall, sinks: any SinkMaker) async throws(UpstreamError) -> UpstreamReply

    /// Performs one call whose reply is a stream of events, each handed on as it is complete; the call reads on only
    /// when `onEvent` has returned. Returns like `send` where the vendor answered without a stream (an error, most often),
    /// and nil after the last event.
    func stream(
        _ call: UpstreamCall,
        sinks: any SinkMaker,
        onEvent: @escaping @Sendable (UpstreamEvent) async throws -> Void
    ) async throws(UpstreamError) -> UpstreamReply?
}

/// One call with what only the engine knows of it.
package struct UpstreamCall: Sendable {
    package var request: WireRequest
    /// Put into the header that `request.authentication` names.
    package var credential: Secret?
    /// From now to the last byte.
    package var timeLimit: Duration
    /// Which addresses may be connected to.
    package var reach = Reach.anywhere
    /// Redirects followed, each checked like the first address; the credential stays behind.
    package var redirects = 0
    /// Which addresses of other hosts than the first redirects may lead to; nil: as `reach` says.
    package var reachElsewhere: Reach?
    /// More bytes than this end the call.
    package var maxReplyBytes: Int64 = 256 << 20

    package init(_ request: WireRequest, credential: Secret?, timeLimit: Duration) {
        self.request = request
        self.credential = credential
        self.timeLimit = timeLimit
    }
}

/// Which addresses a call may connect to; the address that is checked is the address connected.
package enum Reach: Sendable, Hashable {
    /// Any; for hosts that the operator's configuration names.
    case anywhere
    /// No loopback, private, link-local or otherwise special address.
    case publicOnly
}

/// A reply and the pictures that came in it, by the number of their `BlobID`.
package struct UpstreamReply: Sendable {
    package var reply: WireReply
    package var blobs: [any ArtifactSink]

    package init(reply: WireReply, blobs: [any ArtifactSink]) {
        self.reply = reply
        self.blobs = blobs
    }
}

/// One event of a stream and the pictures that came in it.
package struct UpstreamEvent: Sendable {
    package var event: WireEvent
    package var blobs: [any ArtifactSink]

    package init(event: WireEvent, blobs: [any ArtifactSink]) {
        self.event = event
        self.blobs = blobs
    }
}

/// Makes the places into which the pictures of a reply are written.
package protocol SinkMaker: Sendable {
    func makeSink() -> any ArtifactSink
}

/// Why a call has no reply.
package struct UpstreamError: Error, Sendable {
    package enum Kind: Sendable, Hashable {
        /// Nothing was sent: refused, unreachable, name unknown, TLS failed.
        case notConnected
        /// The address may not be connected to.
        case forbiddenAddress
        /// The time limit passed; `sent` tells whether the request was out.
        case timeout(sent: Bool)
        /// The connection ended before the reply did; `status` is set once its head had come.
        case cut(status: Int?)
        /// The reply is larger than allowed.
        case tooLarge(status: Int)
        /// The reply is not what its head says: JSON that is none, a stream that breaks off in a frame.
        case malformed(status: Int)
        /// The task was cancelled.
        case cancelled(sent: Bool)
    }

    package var kind: Kind
    /// For the log alone.
    package var detail: String

    package init(_ kind: Kind, _ detail: String) {
        self.kind = kind
        self.detail = detail
    }
}
