import Orchestrator
import Transport

/// What a route takes and gives, for the API description.
struct RouteDescription: Sendable {
    /// A field of the query or a header of the request.
    struct Parameter: Sendable {
        var name: String
        var schema: JSON
        /// For people.
        var meaning: String
        /// A query field that holds several words with commas between them.
        var isList = false
        var isRequired = false

        init(_ name: String, _ schema: JSON, _ meaning: String, isList: Bool = false, isRequired: Bool = false) {
            self.isRequired = isRequired
            self.name = name
            self.schema = schema
            self.meaning = meaning
            self.isList = isList
        }
    }

    /// One status with what comes with it; the schema of each media type, none for a body without a form.
    struct Answer: Sendable {
        var status: Int
        var meaning: String
        var content: [(type: String, schema: JSON)]

        static func json(_ schema: JSON, status: Int = 200, _ meaning: String = "the result") -> Answer {
            Answer(status: status, meaning: meaning, content: [(jsonType, schema)])
        }

        /// A result that is also had as a table for spreadsheets.
        static func jsonOrTable(_ schema: JSON) -> Answer {
            Answer(status: 200, meaning: "the result", content: [(jsonType, schema), (tableType, [:])])
        }

        /// Bytes or text of some media types.
        static func file(_ types: [String], status: Int = 200, _ meaning: String) -> Answer {
            Answer(status: status, meaning: meaning, content: types.map { ($0, [:]) })
        }

        /// No body.
        static func empty(_ status: Int, _ meaning: String) -> Answer {
            Answer(status: status, meaning: meaning, content: [])
        }
    }

    static let jsonType = "application/json"
    static let formType = "multipart/form-data"
    static let tableType = "text/csv"
    static let urlEncodedType = "application/x-www-form-urlencoded"

    var query: [Parameter] = []
    var headers: [Parameter] = []
    /// The schema of each media type that the body may have.
    var body: [(type: String, schema: JSON)] = []
    /// Whether a request without a body is taken too.
    var isBodyOptional = false
    var answers: [Answer]
    /// The caller may show who they are, and sees more then.
    var takesCaller = false
    /// The shape of every error of this route.
    var error = Component.error

    init(
        query: [Parameter] = [],
        headers: [Parameter] = [],
        body: JSON? = nil,
        form: JSON? = nil,
        urlEncoded: JSON? = nil,
        table: JSON? = nil,
        isBodyOptional: Bool = false,
        takesCaller: Bool = false,
        error: Component = .error,
        _ answers: Answer...
    ) {
        self.query = query
        self.headers = headers
        self.body = [
            (Self.jsonType, body), (Self.formType, form), (Self.urlEncodedType, urlEncoded), (Self.tableType, table),
        ].compactMap {
            type,
            schema in
            schema.map { (type, $0) }
        }
        self.isBodyOptional = isBodyOptional
        self.takesCaller = takesCaller
        self.error = error
        self.answers = answers
    }
}

extension RouteDescription.Parameter {
    static func limit(_ most: Int = 100, usually value: Int = 20) -> Self {
        Self("limit", Schema.orEmpty(Schema.integer(1...most, usually: value)), "how many at most")
    }

    static func after<ID: RecordID>(_ type: ID.Type) -> Self {
        Self("after", Schema.orEmpty(Schema.id(type)), "the id of the last item of the page before")
    }

    static let page = Self(
        "page",
        Schema.orEmpty(Schema.integer(1...1_000_000, usually: 1)),
        "which page, counted from 1"
    )

    static func perPage(usually value: Int) -> Self {
        Self("per_page", Schema.orEmpty(Schema.integer(1...100, usually: value)), "how many on a page")
    }

    /// A bound of a window of time.
    static func time(_ name: String, _ meaning: String) -> Self {
        Self(
            name,
            Schema.orEmpty(["anyOf": [["type": "string", "format": "date"], Schema.time]]),
            meaning + "; a day (UTC) or a moment"
        )
    }

    static let format = Self(
        "format",
        Schema.orEmpty(Schema.choice(["json", "csv"])),
        "csv: a table for spreadsheets; as `Accept: text/csv`"
    )
    static let from = time("from", "not before")
    static let to = time("to", "not after; a day counts whole")
    static let model = Self("model", Schema.text, "only of this model")
    static let jobStatus = Self("status", Schema.orEmpty(Schema.choice(JobStatus.self)), "only in this state")

    static func groupBy<T: RawRepresentable & CaseIterable>(_ type: T.Type) -> Self where T.RawValue == String {
        Self(
            "group_by",
            ["type": "array", "items": Schema.choice(type), "uniqueItems": true, "minItems": 1],
            "a row for each combination of these",
            isList: true
        )
    }

    static let idempotencyKey = Self(
        "Idempotency-Key",
        Schema.text(1...255, pattern: "^[!-~]+$"),
        "the same request with the same key is done once"
    )
    static let prefer = Self("Prefer", Schema.text, "`respond-async`: answer at once with the job")
    static let policy = Self("X-Orchestrator-Policy", Schema.named(.policy), "as `routing.policy`")
    static let maxCost = Self("X-Orchestrator-Max-Cost-Usd", Schema.dollarWish, "as `routing.max_cost_usd`")
    static let fidelity = Self("X-Orchestrator-Fidelity", Schema.choice(Fidelity.self), "as `routing.fidelity`")
    static let providerKey = Self("X-Provider-Key", Schema.text, "the caller's own keys: `openai=…, stability=…`")
}
