import Orchestrator

/// The keys of a declaration: the one list by which files are checked and the JSON Schema is written.
struct DeclarationKeys: Sendable {
    struct Key: Sendable {
        var name: String
        var schema: JSON
        /// One sentence for operators.
        var text: String
    }

    var keys: [Key]

    init(_ keys: [(String, JSON, String)]) {
        self.keys = keys.map { Key(name: $0.0, schema: $0.1, text: $0.2) }
    }

    var names: [String] { keys.map(\.name) }

    var schema: JSON {
        var properties = JSONObject()
        for key in keys {
            var schema: JSONObject = ["description": .string(key.text)]
            for (name, value) in key.schema.object ?? [:] { schema.set(name, value) }
            properties.set(key.name, .object(schema))
        }
        return ["type": ["object", "null"], "properties": .object(properties), "additionalProperties": false]
    }

    func with(_ more: DeclarationKeys) -> DeclarationKeys {
        var copy = self
        copy.keys += more.keys
        return copy
    }
}

// MARK: - Sections

extension DeclarationKeys {
    private static let pointer: JSON = ["type": "string", "pattern": "^\\$?(/.*)?$"]
    private static let fact: JSON = ["type": "string", "pattern": "^(\\$?(/.*)?|header:.+|status)$"]
    private static let facts: JSON = ["anyOf": [fact, ["type": "array", "items": fact]]]
    private static let words: JSON = [
        "anyOf": [
            ["type": ["string", "number", "boolean"]],
            ["type": "array", "items": ["type": ["string", "number", "boolean"]]],
        ]
    ]
    private static let template: JSON = ["type": ["string", "number", "boolean"]]
    private static let templates: JSON = [
        "type": ["object", "null"], "additionalProperties": ["type": ["string", "number", "boolean", "null"]],
    ]
    private static let method: JSON = ["enum": .array(methods.map { .string($0.rawValue) })]
    private static let classes: JSON = ["enum": .array(FailureClass.allCases.map { .string($0.rawValue) })]
    private static let flag: JSON = ["type": "boolean"]

    static let methods: [WireRequest.Method] = [.get, .post, .put, .delete]

    static let call = DeclarationKeys([
        ("method", method, "The verb."),
        ("path", template, "Path below the base URL."),
        ("query", templates, "Query parameters; one without a value is left out."),
        ("headers", templates, "Headers besides the credential's."),
        ("json", [:], "The body as a JSON document."),
        ("form", ["type": ["object", "null"]], "The body as a multipart form; a list repeats its field."),
    ])

    /// A call about work under way.
    static let workCall = DeclarationKeys([
        ("method", method, "The verb."),
        ("path", template, "Path below the base URL, with {id}."),
        ("url", pointer, "Where the reply to the request names the address instead."),
        ("query", templates, "Query parameters."),
        ("headers", templates, "Headers besides the credential's."),
    ])

    static let upload = call.with(DeclarationKeys([("name", pointer, "Where the reply says the picture's name.")]))

    static let value = DeclarationKeys([
        ("of", ["type": "string"], "The variable whose words are translated."),
        ("text", template, "A text made of variables."),
        ("map", ["type": "object"], "The vendor's word for each of ours."),
        ("default", [:], "Where there is no other; null leaves out whatever is made of it."),
    ])

    static let state = DeclarationKeys(
        [
            ("at", fact, "Where the reply says the state."),
            ("running", words, "States of work that goes on."),
            ("done", words, "States of finished work."),
            ("canceled", words, "States of work that was stopped."),
            ("absent", ["enum": ["running", "done"]], "What a reply without a state means."),
        ] + FailureClass.allCases.map { ($0.rawValue, words, "States that are a failure of this class.") }
    )

    static let work = DeclarationKeys([
        ("id", pointer, "Where the reply to the request says the work's id."),
        ("poll", workCall.schema, "The call that asks how far the work is."),
        ("state", state.schema, "What the reply to it means."),
        ("collect", workCall.schema, "The call that fetches the result, where it is not in the poll's reply."),
        ("cancel", workCall.schema, "The call that stops the work."),
    ])

    static let filter = DeclarationKeys([
        ("at", pointer, "Where it is said: from the item, or after $ from the top."),
        ("is", words, "The values that mean a picture was held back; none: any but null."),
    ])

    static let usage = DeclarationKeys([
        ("text_in", pointer, "Tokens of the prompt."),
        ("image_in", pointer, "Tokens of pictures sent."),
        ("image_out", pointer, "Tokens of pictures made."),
        ("text_out", pointer, "Tokens of text written beside pictures."),
    ])

    static let result = DeclarationKeys([
        ("body", flag, "Whether the body is the picture itself."),
        ("items", pointer, "One match for each picture; * stands for every element."),
        ("picture", pointer, "The picture in its item."),
        (
            "as", ["enum": .array(ResultReader.Form.allCases.map { .string($0.rawValue) })],
            "What the picture's value is."
        ),
        ("path", template, "The picture's path below the base URL, with {/pointers} into its item."),
        ("query", templates, "Query parameters of that path."),
        ("authenticated", flag, "Whether the picture is fetched with the credential."),
        (
            "filtered", ["anyOf": [filter.schema, ["type": "array", "items": filter.schema]]],
            "Signs that a picture was held back."
        ),
        ("filtered_billed", flag, "Whether pictures that were held back are paid all the same."),
        ("seed", pointer, "The seed that was used."),
        ("revised_prompt", pointer, "The prompt as the vendor rewrote it."),
        ("usage", usage.schema, "Token counts, which token_prices settle."),
    ])

    static let errors = DeclarationKeys([
        ("message", facts, "Where an error's text is."),
        ("code", facts, "Where its code is."),
        ("present", ["anyOf": [pointer, ["type": "array", "items": pointer]]], "What makes a success a failure."),
        ("retry_after", fact, "Seconds to wait."),
        ("codes", ["type": "object", "additionalProperties": classes], "The class of each code."),
        (
            "messages", ["type": "object", "additionalProperties": classes],
            "The class of messages that contain a text."
        ),
        (
            "status",
            [
                "type": "object", "additionalProperties": classes,
                "propertyNames": ["pattern": "^([1-5][0-9][0-9]|[1-5]xx)$"],
            ],
            "The class of each HTTP status, such as 402 or 5xx."
        ),
    ])

    /// What a model and an operation may state for themselves.
    static let overrides = DeclarationKeys([
        (
            "values", ["type": ["object", "null"], "additionalProperties": value.schema],
            "Values for templates to name."
        ),
        ("request", call.schema, "The call that asks for pictures."),
        ("work", work.schema, "How work that outlives the call is followed."),
        ("result", result.schema, "Where the pictures are."),
        ("errors", errors.schema, "What failures mean."),
        (
            "mask_polarity", ["enum": .array(MaskPolarity.allCases.map { .string($0.rawValue) })],
            "What of a mask is painted anew: the transparent, the white or the black."
        ),
    ])

    static let model = overrides.with(
        DeclarationKeys([
            (
                "operations",
                [
                    "type": ["object", "null"], "additionalProperties": overrides.schema,
                    "propertyNames": ["enum": .array(Orchestrator.Operation.allCases.map { .string($0.rawValue) })],
                ],
                "What is otherwise for one operation."
            )
        ])
    )

    static let auth = DeclarationKeys([
        ("header", ["type": "string"], "The header that shows the key."),
        ("prefix", ["type": "string"], "What stands before the key."),
    ])

    static let provider = model.with(
        DeclarationKeys([
            (
                "auth", ["anyOf": [["enum": .array(authWords.map(JSON.string))], auth.schema]],
                "How the key is shown: bearer by default."
            ),
            ("hosts", ["type": "array", "items": ["type": "string"]], "Further hosts that may see the key."),
            ("upload", upload.schema, "The call that hands over a picture before the request."),
        ])
    )

    static let authWords = ["bearer", "basic", "none"]
}
