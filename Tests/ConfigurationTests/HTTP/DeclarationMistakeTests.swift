import Foundation
import Orchestrator
import Providers
import Testing

@testable import Configuration

/// One mistake made in a declaration that has none: what is replaced, by what, and what `check` says about it. The place
/// of the error is marked `‸`.
struct DeclarationMistake: Sendable, CustomTestStringConvertible {
    var text: String
    var expected: String

    init(_ old: String, _ new: String, also more: (String, String)? = nil, _ expected: String) {
        var marked = Declaration.sound.changing(old, to: new)
        if let more { marked = marked.changing(more.0, to: more.1) }
        let lines = marked.split(separator: "\n", omittingEmptySubsequences: false)
        guard let line = lines.firstIndex(where: { $0.contains("‸") }), let mark = lines[line].firstIndex(of: "‸")
        else { preconditionFailure("no place is marked in '\(new)'") }
        text = marked.changing("‸", to: "")
        self.expected = "\(line + 1):\(lines[line][..<mark].unicodeScalars.count + 1) providers.v.\(expected)"
    }

    var testDescription: String { expected }
}

enum Declaration {
    static let sound = """
        version: 1
        providers:
          v:
            adapter: http
            base_url: https://api.example.com
            api_key: ${V_KEY}
            api:
              auth: {header: x-key}
              hosts: ["*.example.com"]
              values:
                steps: {of: tier, map: {low: 4, high: 40}}
              request:
                path: "/v1/{model}"
                query: {v: 2}
                headers: {accept: application/json}
                json:
                  prompt: "{prompt}"
                  steps: '{steps}'
                  picture: {data: "{image.base64}", kind: "{image.media_type}"}
                  n: "{count}"
              work:
                id: /id
                poll: {path: "/jobs/{id}"}
                state: {at: /status, running: [queued], done: ready, failed: [error]}
                cancel: {method: DELETE, url: /cancel}
              result:
                items: /data/*
                picture: /url
                filtered: {at: /safe, is: false}
              errors:
                code: /error/code
                codes: {policy: refused}
                status: {402: quota}
            models:
              m:
                operations: [generate, edit]
                max_images: 4
                tiers: {low: {cost: 0.01}, high: {cost: 0.02}}

        """

    static func read(_ text: String) -> Reading {
        Reading(
            Array(text.utf8),
            file: "f.yaml",
            directory: "/nowhere",
            kinds: AdapterKinds(Builtin.adapters),
            environment: ["V_KEY": "secret-v"],
            today: Sample.today
        )
    }
}

@Suite struct DeclarationMistakeTests {
    @Test func `a sound declaration has no mistake`() {
        let reading = Declaration.read(Declaration.sound)
        #expect(reading.errors.isEmpty && reading.warnings.isEmpty, "\(reading.errors + reading.warnings)")
        #expect(reading.registry?.providers.first?.models.first?.capabilities.operations == [.generate, .edit])
    }

    static let templates: [DeclarationMistake] = [
        DeclarationMistake(
            "\"{prompt}\"",
            "\"{‸promt}\"",
            "api.request.json.prompt: unknown variable 'promt' (did you mean 'prompt'?)"
        ),
        DeclarationMistake(
            "\"{prompt}\"",
            "\"a photo of {‸promt}, sharp\"",
            "api.request.json.prompt: unknown variable 'promt' (did you mean 'prompt'?)"
        ),
        DeclarationMistake(
            "\"{prompt}\"",
            "a photo of {‸promt}",
            "api.request.json.prompt: unknown variable 'promt' (did you mean 'prompt'?)"
        ),
        // Behind an escape the columns are not those of the text: the error stands at the value.
        DeclarationMistake(
            "\"{prompt}\"",
            "‸\"\\t{promt}\"",
            "api.request.json.prompt: unknown variable 'promt' (did you mean 'prompt'?)"
        ),
        DeclarationMistake(
            "'{steps}'",
            "'{‸step}'",
            "api.request.json.steps: unknown variable 'step' (did you mean 'steps'?)"
        ),
        DeclarationMistake(
            "\"{prompt}\"",
            "\"x ‸{prompt\"",
            "api.request.json.prompt: '{' has no '}' ({{ stands for a brace itself)"
        ),
        DeclarationMistake(
            "\"{prompt}\"",
            "\"prompt‸}\"",
            "api.request.json.prompt: '}' has no '{' (}} stands for a brace itself)"
        ),
        DeclarationMistake(
            "\"{prompt}\"",
            "‸{prompt}",
            "api.request.json.prompt: a template stands in quotes (write \"{prompt}\")"
        ),
        DeclarationMistake(
            "{image.base64}",
            "{image.‸bas64}",
            "api.request.json.picture.data: a picture has no form 'bas64' (did you mean 'base64'?)"
        ),
        DeclarationMistake(
            "\"{image.base64}\"",
            "‸\"{image.file}\"",
            "api.request.json.picture.data: a JSON document holds no files ({image.base64}, {image.data_uri}, or a 'form' in place of 'json')"
        ),
        DeclarationMistake(
            "\"{prompt}\"",
            "‸\"{prompt} {images.base64}\"",
            "api.request.json.prompt: a list cannot stand inside a text (let it be the whole value)"
        ),
        DeclarationMistake(
            "\"{prompt}\"",
            "‸\"{prompt} ${V_KEY}\"",
            "api.request.json.prompt: a template cannot refer to the environment (the key goes where 'auth' says, an address into 'base_url')"
        ),
        DeclarationMistake(
            "\"/v1/{model}\"",
            "\"‸v1/{model}\"",
            "api.request.path: a path begins with '/' (it is put behind base_url)"
        ),
        DeclarationMistake(
            "\"/v1/{model}\"",
            "‸\"/v1/{model}?x=1\"",
            "api.request.path: a path cannot hold '?' (parameters go into 'query')"
        ),
        DeclarationMistake(
            "\"/jobs/{id}\"",
            "\"/jobs/{‸iid}\"",
            "api.work.poll.path: unknown variable 'iid' (did you mean 'id'?)"
        ),
        DeclarationMistake(
            "accept: application/json",
            "‸Authorization: x",
            "api.request.headers.Authorization: is not for templates (the key goes where 'auth' says)"
        ),
    ]

    static let replies: [DeclarationMistake] = [
        DeclarationMistake(
            "items: /data/*",
            "items: ‸data/*",
            "api.result.items: a pointer begins with '/' (such as /data/*/url)"
        ),
        DeclarationMistake(
            "items: /data/*",
            "items: /data/‸~2",
            "api.result.items: '~' stands in a pointer (~0 is '~', ~1 is '/')"
        ),
        DeclarationMistake(
            "{at: /status, ",
            "‸{",
            "api.work.state.at: is required (where the reply says the state, such as /status)"
        ),
        DeclarationMistake(
            "failed: [error]",
            "‸faild: [error]",
            "api.work.state.faild: unknown class of states (did you mean 'failed'?)"
        ),
        DeclarationMistake(
            "failed: [error]",
            "failed: [‸ready]",
            "api.work.state.failed[0]: the state 'ready' stands in two classes"
        ),
        DeclarationMistake(
            "policy: refused",
            "policy: ‸refusd",
            "api.errors.codes.policy: unknown class 'refusd' (did you mean 'refused'?)"
        ),
        DeclarationMistake(
            "402: quota",
            "‸4o2: quota",
            "api.errors.status.4o2: is no HTTP status (such as 402 or 5xx)"
        ),
        DeclarationMistake(
            "code: /error/code\n        codes: {",
            "codes: ‸{",
            "api.errors.codes: needs 'code', which says where a code is"
        ),
        DeclarationMistake(
            "        id: /id\n        poll",
            "        ‸poll",
            "api.work.id: is required (polls by path need the id)"
        ),
        DeclarationMistake(
            "picture: /url",
            "picture: /url\n        path: ‸/x",
            "api.result.path: cannot stand beside 'picture'"
        ),
        DeclarationMistake(
            "method: DELETE",
            "method: ‸DELET",
            "api.work.cancel.method: unknown method 'DELET' (did you mean 'DELETE'?)"
        ),
        DeclarationMistake("filtered:", "‸filterd:", "api.result.filterd: unknown key (did you mean 'filtered'?)"),
    ]

    static let structure: [DeclarationMistake] = [
        DeclarationMistake(
            "query: {v: 2}",
            "form: ‸{prompt: x}",
            "api.request.form: cannot stand beside 'json' (a call has one body)"
        ),
        DeclarationMistake("query: {v: 2}", "‸qery: {v: 2}", "api.request.qery: unknown key (did you mean 'query'?)"),
        DeclarationMistake(
            "query: {v: 2}",
            "method: ‸GET",
            "api.request.method: GET has no body (POST, or 'query' for its parameters)"
        ),
        DeclarationMistake(
            "{header: x-key}",
            "‸beare",
            "api.auth: unknown value 'beare' (did you mean 'bearer'?, or {header: NAME, prefix: TEXT})"
        ),
        DeclarationMistake(
            "\"*.example.com\"",
            "‸\"https://x.example.com\"",
            "api.hosts[0]: is no host: 'https://x.example.com' (such as api.example.com, api.example.com:8443 or \"*.example.com\")"
        ),
        DeclarationMistake(
            "of: tier",
            "of: ‸teir",
            "api.values.steps.of: unknown variable 'teir' (did you mean 'tier'?)"
        ),
        DeclarationMistake(
            "n: \"{count}\"",
            "n: 1",
            also: ("max_images: 4", "max_images: ‸4"),
            "models.m.max_images: the request does not say how many pictures (let it name {count})"
        ),
        DeclarationMistake(
            "[generate, edit]",
            "[generate, edit, ‸stream]",
            "models.m.operations[2]: a declared API has no streams"
        ),
        DeclarationMistake(
            "    max_images: 4",
            "    max_images: 4\n        mask: ‸true",
            "models.m.mask: the request sends no mask (let it name {mask.base64}, {mask.file} or the like)"
        ),
        DeclarationMistake(
            "{image.base64}\", kind: \"{image.media_type}",
            "{seed}",
            also: ("edit]", "‸edit]"),
            "models.m.operations[1]: the request for 'edit' sends no picture (let its body name {image.base64}, {image.file} or the like)"
        ),
        DeclarationMistake(
            "{image.base64}",
            "{image.uploaded}",
            also: ("operations:", "‸operations:"),
            "models.m: a picture's 'uploaded' name needs 'upload' (in the provider's 'api')"
        ),
        DeclarationMistake(
            "      m:\n",
            "      m:\n        api: {‸reqest: {}}\n",
            "models.m.api.reqest: unknown key (did you mean 'request'?)"
        ),
        DeclarationMistake(
            "      m:\n",
            "      m:\n        api: {operations: {‸edits: {}}}\n",
            "models.m.api.operations.edits: unknown operation 'edits' (did you mean 'edit'?)"
        ),
        DeclarationMistake(
            "      m:\n",
            "      m:\n        api: {request: {json: {prompt: \"{‸prompd}\"}}}\n",
            "models.m.api.request.json.prompt: unknown variable 'prompd' (did you mean 'prompt'?)"
        ),
        DeclarationMistake(
            "    api_key",
            "    pace: ‸20000/s\n    api_key",
            "pace: must be at most 10000 calls a window, not '20000/s'"
        ),
    ]

    @Test(arguments: templates + replies + structure)
    func `a mistake in a declaration is named with its line and column`(mistake: DeclarationMistake) {
        let reading = Declaration.read(mistake.text)
        #expect(reading.errors.map(\.brief) == [mistake.expected])
        #expect(reading.registry == nil)
    }

    @Test func `a word that the model's entry states must have one of the vendor's`() {
        let text = Declaration.sound.changing("high: {cost: 0.02}", to: "medium: {cost: 0.02}")
        #expect(
            Declaration.read(text).errors.map(\.brief) == [
                "38:36 providers.v.models.m.tiers.medium: 'steps' has no word for 'medium' (add it to its 'map', or give it a 'default')"
            ]
        )
        let defaulted = text.changing("high: 40}}", to: "high: 40}, default: 9}")
        #expect(Declaration.read(defaulted).errors.isEmpty)
    }

    @Test func `whatever the bytes, a declaration is read to an end`() {
        let sample = Array(Declaration.sound.utf8)
        let replacements = Array("\t \n:{}[]\"'&*!|>#-,$%/~".utf8) + [0xFF]
        for index in sample.indices {
            var changed = sample
            changed[index] = replacements[index % replacements.count]
            for bytes in [changed, Array(sample.prefix(index))] {
                let reading = Declaration.read(String(decoding: bytes, as: UTF8.self))
                #expect((reading.registry == nil) == !reading.errors.isEmpty)
                #expect(reading.errors.allSatisfy { $0.line >= 1 && $0.column >= 1 })
            }
        }
    }

    @Test func `a generation has no pictures, unless the same text serves an edit`() {
        let text = Declaration.sound.changing("[generate, edit]", to: "[generate]")
        #expect(
            Declaration.read(text).errors.map(\.brief) == [
                "19:29 providers.v.api.request.json.picture.data: no operation that this serves has pictures of that kind",
                "19:53 providers.v.api.request.json.picture.kind: no operation that this serves has pictures of that kind",
            ]
        )
    }

    @Test func `all mistakes of a file are told at once, in the order of the file`() {
        let text = Declaration.sound.changing("{header: x-key}", to: "{headr: x-key}")
            .changing("\"{prompt}\"", to: "\"{promt}\"").changing("items: /data/*", to: "items: data")
            .changing("policy: refused", to: "policy: no").changing("{cost: 0.02}", to: "{cost: -1}")
            .changing("    api_key", to: "    timeout: 9\n    api_key")
        let lines = Declaration.read(text).errors.map(\.line)
        #expect(lines == lines.sorted(), "\(Declaration.read(text).errors.map(\.brief))")
        #expect(Set(lines) == [6, 9, 18, 28, 33, 39], "\(Declaration.read(text).errors.map(\.brief))")
    }

    @Test func `what is required is asked for`() {
        let text = """
            version: 1
            providers:
              v:
                adapter: http
                base_url: https://api.example.com
                models: {m: {operations: [generate], tiers: {low: {cost: 0}}}}

            """
        #expect(
            Declaration.read(text).errors.map(\.brief).map { $0.prefix(33) } == [
                "4:5 providers.v.api: is required "
            ]
        )
        let empty = Declaration.read(
            text.changing("    models:", to: "    api: {request: {path: /x}, work: {}}\n    models:")
        )
        #expect(
            empty.errors.map(\.key) == [
                "providers.v.api.result", "providers.v.api.work.poll", "providers.v.api.work.state",
            ]
        )
    }

    @Test func `the schema takes every shipped example, and describes every key`() throws {
        let schema = JSONSchema.document(kinds: AdapterKinds(Builtin.adapters))
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.examples).filter { $0.hasSuffix(".yaml") }
        #expect(files.count >= 8)
        for file in files {
            let bytes = try ConfigurationFile.bytes(of: Self.examples + file, limit: YAMLDocument.Limit.bytes)
            let root = try #require(YAMLDocument(bytes, file: file).root)
            #expect(SchemaValidator.problems(root.asEditorsSeeIt, schema) == [], "\(file)")
        }
    }

    @Test(arguments: [
        ("filtered:", "filterd:"), ("policy: refused", "policy: no"), ("402: quota", "4x: quota"),
        ("method: DELETE", "method: FETCH"), ("items: /data/*", "items: data"), ("{header: x-key}", "key"),
        ("failed: [error]", "broken: [error]"),
    ])
    func `what the shape of a declaration forbids is invalid`(old: String, new: String) throws {
        let schema = JSONSchema.document(kinds: AdapterKinds(Builtin.adapters))
        let text = Declaration.sound.changing(old, to: new)
        let root = try #require(YAMLDocument(Array(text.utf8), file: "f.yaml").root)
        #expect(!SchemaValidator.problems(root.asEditorsSeeIt, schema).isEmpty)
    }

    private static let examples = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../examples/providers/").standardizedFileURL.path(percentEncoded: false)
}
