import Orchestrator
import Testing

@testable import Providers

@Suite struct HTTPRequestTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var template: JSON
        var expected: String
        var change: @Sendable (inout ProviderRequest) -> Void = { _ in }

        var testDescription: String { "\(template.text) -> \(expected)" }
    }

    private static let landscape: @Sendable (inout ProviderRequest) -> Void = {
        $0.shape = .size(Sample.size(1536, 1024))
    }

    static let bodies: [Case] = [
        Case(template: "{prompt}", expected: #"{"t":"a red fox"}"#),
        Case(template: "a photo of {prompt}, sharp", expected: #"{"t":"a photo of a red fox, sharp"}"#),
        Case(template: "{{{prompt}}}", expected: #"{"t":"{a red fox}"}"#),
        Case(template: "{count}", expected: #"{"t":3}"#) { $0.count = 3 },
        Case(template: "n={count}", expected: #"{"t":"n=3"}"#) { $0.count = 3 },
        Case(template: 7, expected: #"{"t":7}"#), Case(template: true, expected: #"{"t":true}"#),
        Case(template: ["a": "{seed}"], expected: "{}"),
        Case(template: ["a": "{seed}", "b": 1], expected: #"{"t":{"b":1}}"#),
        Case(template: ["a": "{seed}"], expected: #"{"t":{"a":7}}"#) { $0.seed = 7 },
        Case(template: ["{seed}", "x"], expected: #"{"t":["x"]}"#), Case(template: ["{seed}"], expected: "{}"),
        Case(template: ["w": "{width}", "h": "{height}"], expected: #"{"t":{"w":1536,"h":1024}}"#, change: landscape),
        Case(template: "{ratio} {ratio_width}x{ratio_height}", expected: #"{"t":"3:2 3x2"}"#, change: landscape),
        Case(template: "{size}", expected: #"{"t":"1536x1024"}"#, change: landscape),
        Case(template: "{size}", expected: "{}") { $0.shape = .ratio(Sample.ratio("16:9")) },
        Case(template: "{ratio}", expected: #"{"t":"16:9"}"#) { $0.shape = .ratio(Sample.ratio("16:9")) },
        Case(template: ["{background}", "{format}", "{media_type}"], expected: #"{"t":["png","image/png"]}"#),
        Case(template: "{background}", expected: #"{"t":"transparent"}"#) { $0.background = .transparent },
        Case(template: "{compression}", expected: "{}") { $0.compression = 80 },
        Case(template: "{compression}", expected: #"{"t":80}"#) {
            $0.compression = 80
            $0.format = .jpeg
        },
        Case(
            template: ["{tier}", "{quality}", "{operation}", "{model}"],
            expected: #"{"t":["low","fast","edit","m"]}"#
        ) {
            $0.quality = "fast"
        },
        Case(template: "{time_limit}", expected: #"{"t":90}"#),
        Case(template: "{images.base64}", expected: "{}"),
        Case(template: "{images.base64}", expected: #"{"t":["BwcH","Bwc="]}"#) {
            $0.references = [Sample.picture(), Sample.picture("d2", bytes: 2)]
        },
        Case(
            template: ["{image.media_type}", "{image.data_uri}"],
            expected: #"{"t":["image/jpeg","data:image/jpeg;base64,BwcH"]}"#
        ) {
            $0.references = [Sample.picture(format: .jpeg)]
        },
        Case(template: ["{images[0].width}", "{images[1].height}", "{images[2].width}"], expected: #"{"t":[512,99]}"#) {
            $0.references = [Sample.picture(), Sample.picture("d2", height: 99)]
        },
        Case(
            template: [["$each": "images", "$item": ["d": "{image.base64}"]], "end"],
            expected: #"{"t":[{"d":"BwcH"},{"d":"Bw=="},"end"]}"#
        ) {
            $0.references = [Sample.picture(), Sample.picture("d2", bytes: 1)]
        },
        Case(template: ["$each": "images", "$item": "{image.width}"], expected: #"{"t":[512]}"#) {
            $0.references = [Sample.picture()]
        },
        Case(template: "{mask.base64}", expected: #"{"t":"BwcH"}"#) { $0.mask = Sample.picture("mask") },
    ]

    @Test(arguments: bodies)
    func `a template becomes what it says, and nothing where there is no value`(test: Case) throws {
        #expect(try HTTPScene.body(test.template, test.change) == test.expected)
    }

    @Test func `what a tier states is merged into the document, deep, and null takes out`() throws {
        let api: JSON = ["request": ["json": ["a": ["b": 1, "c": 2], "prompt": "{prompt}"]]]
        let wire = try HTTPScene.wire(api) { $0.parameters = ["a": ["b": 9], "prompt": nil, "new": [1]] }
        #expect(wire.jsonText == #"{"a":{"b":9,"c":2},"new":[1]}"#)
    }

    @Test func `path, query and headers are templates, encoded where they must be`() throws {
        let wire = try HTTPScene.wire([
            "request": [
                "method": "PUT", "path": "/x/{quality}/{ratio}", "query": ["q": "{prompt}&", "s": "{seed}", "v": "2"],
                "headers": ["x-user": "u {user}", "accept": "application/json"],
            ]
        ]) {
            $0.quality = "a/b?c#d %é"
            $0.shape = .ratio(Sample.ratio("16:9"))
        }
        #expect(wire.method == .put)
        #expect(wire.url == "https://api.example.com/v1/x/a/b%3Fc%23d%20%25%C3%A9/16:9?q=a%20red%20fox%26&v=2")
        #expect(wire.headers.map { "\($0.name)=\($0.value)" } == ["accept=application/json"])
        #expect(wire.authentication == .bearer)
    }

    @Test(arguments: ["..", "a/../b", ".", "x/./y"])
    func `a value cannot lead a path elsewhere`(word: String) throws {
        #expect(throws: ProviderFailure.self) {
            try HTTPScene.wire(["request": ["path": "/x/{quality}"]]) { $0.quality = word }
        }
    }

    @Test func `a form has texts, files, and fields that are repeated`() throws {
        let api: JSON = [
            "request": [
                "json": nil,
                "form": [
                    "prompt": "{prompt}", "n": "{count}", "image[]": "{images.file}", "mask": "{mask.file}",
                    "seed": "{seed}", "tags": ["a", "{quality}"], "on": true,
                ],
            ]
        ]
        let wire = try HTTPScene.wire(api, .edit) {
            $0.references = [Sample.picture(), Sample.filed()]
            $0.mask = Sample.picture("mask")
            $0.parameters = ["n": 4, "extra": ["x": 1], "on": nil]
        }
        #expect(
            wire.formLines == [
                "prompt=a red fox", "image[]=<image.png image/png>", "image[]=<image.png image/png>",
                "mask=<mask.png image/png>", "tags=a", "tags=low", "n=4", "extra[x]=1",
            ]
        )
    }

    static let values: [(JSON, String?, @Sendable (inout ProviderRequest) -> Void)] = [
        (["of": "tier", "map": ["low": 4, "medium": "many"]], "4", { _ in }),
        (["of": "tier", "map": ["low": 4, "medium": "many"]], #""many""#, { $0.tier = .medium }),
        // Without a word for it the request is not this vendor's.
        (["of": "tier", "map": ["medium": 4]], nil, { _ in }),
        (["of": "tier", "map": ["medium": 4], "default": 1], "1", { _ in }),
        (["of": "tier", "map": ["medium": 4], "default": nil], "none", { _ in }),
        (["of": "seed", "map": ["7": "lucky"]], "none", { _ in }),
        (["of": "seed", "default": -1], "-1", { _ in }), (["of": "seed", "default": -1], "5", { $0.seed = 5 }),
        (["text": "|{negative_prompt}", "default": ""], "\"\"", { _ in }),
        (["text": "|{negative_prompt}", "default": ""], #""|hat""#, { $0.negativePrompt = "hat" }),
    ]

    @Test(arguments: values)
    func `a declared value is a word for a word, or a text with a default`(
        value: JSON,
        expected: String?,
        change: @Sendable (inout ProviderRequest) -> Void
    ) throws {
        let api: JSON = [
            "values": ["v": value],
            "request": [
                "headers": ["x-width": "{image.width}"], "json": ["prompt": nil, "picture": nil, "v": "{v}"],
            ],
        ]
        guard let expected else {
            let failure = #expect(throws: ProviderFailure.self) { try HTTPScene.wire(api, .generate, change) }
            #expect(failure?.kind == .unavailable(.unsupported))
            return
        }
        let body = expected == "none" ? "{}" : #"{"v":\#(expected)}"#
        #expect(try HTTPScene.wire(api, .generate, change).jsonText == body)
    }

    @Test func `models and operations lay their own over the provider's, and a variation is an edit`() throws {
        let api: JSON = [
            "request": ["json": ["a": 1, "b": 2]],
            "operations": ["edit": ["request": ["path": "/edit", "json": ["op": "e"]]]],
        ]
        let model: JSON = [
            "api": [
                "request": ["json": ["b": nil, "m": "{model}"]],
                "operations": ["variation": ["request": ["json": ["op": "v"]]]],
            ]
        ]
        func call(_ operation: Orchestrator.Operation) throws -> String {
            let wire = try HTTPScene.wire(api, model: model, operation) {
                if operation != .generate { $0.references = [Sample.picture()] }
                $0.prompt = "p"
            }
            return "\(wire.url.dropFirst(26)) \(wire.jsonText)"
        }
        #expect(try call(.generate) == #"/make {"prompt":"p","a":1,"m":"m"}"#)
        #expect(try call(.edit) == #"/edit {"prompt":"p","picture":"BwcH","a":1,"op":"e","m":"m"}"#)
        #expect(try call(.variation) == #"/edit {"prompt":"p","picture":"BwcH","a":1,"op":"v","m":"m"}"#)
    }

    @Test func `pictures are read into memory only where a document needs their bytes`() throws {
        let inline = try HTTPScene.adapter([:])
        #expect(inline.readsPictures(of: Sample.request("m", .edit)))
        let form = try HTTPScene.adapter(["request": ["json": nil, "form": ["image": "{image.file}"]]])
        #expect(!form.readsPictures(of: Sample.request("m", .edit)))
    }

    @Test func `pictures that are named by the vendor are handed over once each`() throws {
        let api: JSON = [
            "upload": ["path": "/files", "form": ["file": "{image.file}"], "name": "/id"],
            "request": ["json": ["picture": "{image.uploaded}", "mask": "{mask.uploaded}"]],
        ]
        let adapter = try HTTPScene.adapter(api)
        let request = Sample.request("m", .edit) {
            $0.references = [Sample.picture()]
            $0.mask = Sample.picture()
        }
        #expect(adapter.uploads(for: request).count == 1)
        let upload = try adapter.encode(.upload(Sample.picture()))
        #expect(upload.url.hasSuffix("/files") && upload.formLines == ["file=<file.png image/png>"])
        #expect(
            Meaning.text { () throws(ProviderFailure) in
                try adapter.decode(WireReply(status: 200, body: .document(["id": "f1"])), to: .upload(Sample.picture()))
            } == "uploaded f1"
        )
        let wire = try adapter.encode(.create(request, uploads: ["d1": "f1"]))
        #expect(wire.jsonText == #"{"prompt":"a red fox","picture":"f1","mask":"f1"}"#)
    }

    static let authentications: [(JSON, Authentication)] = [
        ("bearer", .bearer), ("none", .none), ("basic", .basic),
        (["header": "X-Key"], .header(name: "x-key", prefix: "")),
        (["header": "Authorization", "prefix": "Key "], .header(name: "authorization", prefix: "Key ")),
    ]

    @Test(arguments: authentications)
    func `the key is shown as the file says, and stands in no template`(auth: JSON, expected: Authentication) throws {
        let wire = try HTTPScene.wire(["auth": auth])
        #expect(wire.authentication == expected && !wire.everything.contains("SECRET"))
        #expect(try HTTPScene.adapter(["auth": auth]).authentication == expected)
    }

    @Test func `what a model can be told is what its request names`() throws {
        let adapter = try HTTPScene.adapter([
            "request": ["json": ["s": "{seed}", "n": "{v}"]],
            "values": ["v": ["text": "{negative_prompt}", "default": ""]],
            "mask_polarity": "white",
        ])
        let known = try #require(adapter.knownCapabilities(of: "m"))
        #expect(known.features == [.seed, .negativePrompt] && known.maskPolarity == .white)
        #expect(adapter.knownCapabilities(of: "other") == nil)
    }
}
