package import Orchestrator

/// What a vendor does with one call that asks for pictures and that it finds valid.
package struct Step: Sendable {
    package enum Conduct: Sendable {
        /// Pictures are made.
        case ok
        /// A documented error.
        case fail(Failure)
        /// The work is done and charged, and nothing is ever said.
        case hang
        /// The same, but the connection closes at once.
        case closeBeforeHead
        /// A page of some proxy in front of the vendor.
        case html(status: Int)
    }

    /// What is wrong with the answer's body.
    package enum Damage: Sendable {
        case none
        /// Reset in the middle.
        case cut
        /// Half of it, under a length that fits.
        case truncated
    }

    /// What is drawn.
    package enum Drawing: Sendable {
        case asAsked
        case size(width: Int, height: Int)
        case format(ImageFormat)
        /// The beginning of a PNG, then noise.
        case noise
        /// The first half of the file.
        case half
        case bytes([UInt8])
        /// As asked, and so much larger.
        case padded(Int)
    }

    package enum UsageReport: Sendable {
        case complete, withoutOutputDetails, missing
    }

    package enum StreamEnd: Sendable {
        case completed
        /// `data: [DONE]` behind the last event, as relays add it.
        case completedAndDone
        /// An `error` event, its object inside `error` or bare.
        case wrappedError, bareError
        /// The stream just ends.
        case nothing
        /// Reset in the middle of the last event.
        case cut
    }

    package enum OutputForm: Sendable {
        /// What the model's schema says.
        case ofModel
        /// One string, whatever the schema says.
        case string
        /// A list, whatever the schema says.
        case list
        case dataURI
    }

    package var conduct = Conduct.ok
    package var damage = Damage.none
    package var drawing = Drawing.asAsked
    /// The call rests here, validated and counted, until a test opens the gate.
    package var gate: Gate?
    /// Whether the vendor bills it; nil is the vendor's own rule.
    package var isCharged: Bool?
    /// The value of `Retry-After` on an error.
    package var retryAfter: String?
    /// Words in error bodies that must never reach a caller.
    package var marker = ""
    /// Fewer pictures than asked for; 0 is an empty success.
    package var pictureCount: Int?
    package var usage = UsageReport.complete
    /// Stability: `CONTENT_FILTERED` in a success.
    package var isFiltered = false
    /// OpenAI: fewer partial pictures than asked for.
    package var partialCount: Int?
    package var streamEnd = StreamEnd.completed
    /// Asynchronous vendors: polls that still find the run waiting, then running.
    package var startingPolls = 0
    package var processingPolls = 0
    /// Polls, from the first on, that are answered 500.
    package var failingPolls = 0
    package var output = OutputForm.ofModel
    /// The output's links lead nowhere.
    package var isOutputDead = false

    package init() {}

    package static let ok = Step()

    package static func fail(_ failure: Failure) -> Step {
        Step().with(\.conduct, .fail(failure))
    }

    package static let hang = Step().with(\.conduct, .hang)
    package static let closeBeforeHead = Step().with(\.conduct, .closeBeforeHead)
    package static let cutBody = Step().with(\.damage, .cut)
    package static let truncatedBody = Step().with(\.damage, .truncated)
    package static let empty = Step().with(\.pictureCount, 0)
    package static let noise = Step().with(\.drawing, .noise)

    package static func html(_ status: Int = 502) -> Step {
        Step().with(\.conduct, .html(status: status))
    }

    package static func held(by gate: Gate) -> Step {
        Step().with(\.gate, gate)
    }

    package static func draws(_ drawing: Drawing) -> Step {
        Step().with(\.drawing, drawing)
    }

    /// The same step with one thing changed.
    package func with<Value>(_ path: WritableKeyPath<Step, Value>, _ value: Value) -> Step {
        var copy = self
        copy[keyPath: path] = value
        return copy
    }
}
