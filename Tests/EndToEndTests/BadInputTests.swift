import FakeVendors
import Orchestrator
import Testing

/// Input that must never reach a vendor, nor hurt the daemon.
@Suite(.timeLimit(.minutes(2))) struct BadInputTests {
    struct Input: Sendable, CustomTestStringConvertible {
        var name: String
        var path = Scene.generations
        var contentType = "application/json"
        var body: [UInt8]
        var statuses: Set<Int> = [400]
        var codes: Set<String>
        /// Whether so much is left unread that HTTP lets the server close instead of reading it.
        var mayEndConnection = false

        var testDescription: String { name }

        static func json(_ name: String, _ text: String, _ status: Int = 400, _ codes: String...) -> Input {
            Input(name: name, body: Array(text.utf8), statuses: [status], codes: Set(codes))
        }

        static func form(_ name: String, _ form: FormBody, _ status: Int = 400, _ codes: String...) -> Input {
            Input(
                name: name,
                path: Scene.edits,
                contentType: form.contentType,
                body: form.bytes,
                statuses: [status],
                codes: Set(codes)
            )
        }
    }

    static let edit = FormBody().field("model", "openai/gpt-image-2").field("prompt", "a hat")

    static let inputs: [Input] = [
        .json("truncated JSON", #"{"prompt": "a f"#, 400, "invalid_json"),
        .json("no JSON", "prompt=a+fox", 400, "invalid_json"),
        .json("repeated name", #"{"prompt": "a", "prompt": "b"}"#, 400, "invalid_json"),
        .json("a list", #"["a fox"]"#, 400, "invalid_json", "invalid_value"),
        Input(
            name: "oversized JSON",
            body: Array((#"{"prompt": ""# + String(repeating: "a", count: 11 << 20) + #""}"#).utf8),
            statuses: [413],
            codes: ["request_too_large"],
            mayEndConnection: true
        ),
        .json("no prompt", "{}", 400, "missing_field"),
        .json("prompt of another type", #"{"prompt": 7}"#, 400, "invalid_value"),
        .json("NUL in the prompt", #"{"prompt": "a\u0000b"}"#, 400, "invalid_json", "invalid_value"),
        .json("unknown model", #"{"prompt": "a", "model": "nobody/nothing"}"#, 404, "model_not_found"),
        .json("n 0", #"{"prompt": "a", "n": 0}"#, 400, "invalid_value"),
        .json("n 11", #"{"prompt": "a", "n": 11}"#, 400, "invalid_value"),
        .json("n as text", #"{"prompt": "a", "n": "2"}"#, 400, "invalid_value"),
        .json("size large", #"{"prompt": "a", "size": "large"}"#, 400, "invalid_value"),
        .json("size 0x0", #"{"prompt": "a", "size": "0x0"}"#, 400, "invalid_value"),
        .json("size -1x1", #"{"prompt": "a", "size": "-1x1"}"#, 400, "invalid_value"),
        .json("size over all bounds", #"{"prompt": "a", "size": "99999999999999999999x1"}"#, 400, "invalid_value"),
        .json("unknown policy", #"{"prompt": "a", "routing": {"policy": "best"}}"#, 400, "invalid_value"),
        Input(
            name: "XML",
            contentType: "text/xml",
            body: Array("<a/>".utf8),
            statuses: [415],
            codes: ["unsupported_media_type"]
        ),
        Input(
            name: "garbage multipart",
            path: Scene.edits,
            contentType: "multipart/form-data; boundary=x",
            body: .init(repeating: 0x41, count: 5000),
            codes: []
        ),
        .form(
            "SVG named .png",
            edit.file("image", Array("<svg xmlns='http://www.w3.org/2000/svg'/>".utf8)),
            400,
            "invalid_value"
        ),
        .form("half a picture", edit.file("image", Array(Scene.png().dropLast(30))), 400, "invalid_value"),
        .form(
            "decompression bomb in WebP",
            edit.file("image", PictureMaker.make(.webp, width: 16_383, height: 16_383, number: 1)),
            400,
            "invalid_value"
        ),
        .form(
            "decompression bomb in PNG",
            edit.file("image", PictureMaker.make(.png, width: 20_000, height: 6000, number: 1)),
            400,
            "invalid_value"
        ),
        .form(
            "17 references",
            (0..<17).reduce(edit) { form, _ in form.file("image[]", Scene.png()) },
            400,
            "invalid_value"
        ),
        .form("no reference", edit, 400, "missing_field"),
        .form(
            "mask of another size",
            edit.file("image", Scene.png()).file("mask", Scene.png(64, 64, isTransparent: true)),
            400,
            "invalid_value"
        ),
    ]

    @Test(arguments: inputs)
    func `bad input is refused before any vendor hears of it, and its connection serves on`(input: Input) async throws {
        try await Scene.play { scene in
            let bad = scene.client.with("content-type", input.contentType)
                .request("POST", input.path, body: input.body)
            let replies = try await scene.client.inTurn([bad, Self.goodRequest(scene)])
            let reply = try #require(replies.first)
            #expect(input.statuses.contains(reply.status), "\(reply.text)")
            #expect(input.codes.isEmpty || input.codes.contains(reply.errorCode ?? ""), "\(reply.text)")
            #expect(reply.json?["error"]?["message"]?.string?.isEmpty == false)
            #expect(reply.json?["error"]?["type"]?.string != nil)
            #expect(reply.header("x-request-id") != nil)
            if input.mayEndConnection, replies.count == 1 {
                // Reading on for megabytes that nobody wants is worse than a new connection (RFC 9112 section 9.6).
                #expect(reply.header("connection") == "close")
                let next = try await scene.generate()
                #expect(next.status == 200, "\(next.text)")
            } else {
                #expect(replies.count == 2 && replies.last?.status == 200, "\(replies.last?.text ?? "")")
            }
            #expect(scene.farm.creates.count == 1, "only the good request goes out")
        }
    }

    /// A request that a vendor serves, on whatever connection it is sent.
    private static func goodRequest(_ scene: Scene) -> [UInt8] {
        let body: JSON = ["prompt": "a fox", "quality": "low", "size": "1024x1024", "model": "stability/core"]
        return scene.client.with("content-type", "application/json")
            .request("POST", Scene.generations, body: body.serialized())
    }

    @Test func `a head of 100 kB is refused and the daemon lives on`() async throws {
        try await Scene.play { scene in
            let filler = String(repeating: "a", count: 100_000)
            let reply = try await scene.client.with("x-filler", filler).get("/v1/models")
            #expect(reply.status == 431 && reply.errorCode != nil, "\(reply.text)")
            #expect(scene.farm.vendors.allSatisfy { $0.calls.isEmpty })
            let next = try await scene.generate()
            #expect(next.status == 200)
        }
    }

    /// Addresses that are, or may be taken for, the daemon's own machine or network; `PORT` is one where somebody
    /// listens.
    static let forbiddenLinks = [
        "http://127.0.0.1:PORT/a.png", "https://127.0.0.1:PORT/a.png", "https://localhost:PORT/a.png",
        "https://[::1]:PORT/a.png", "https://[::ffff:127.0.0.1]:PORT/a.png", "https://2130706433:PORT/a.png",
        "https://0x7f.1:PORT/a.png", "https://127.1:PORT/a.png", "https://0.0.0.0:PORT/a.png",
        "http://user@127.0.0.1:PORT/a.png", "https://user@127.0.0.1:PORT/a.png",
        "https://example.com@127.0.0.1:PORT/a.png", "https://127.0.0.1:PORT\\@example.com/a.png",
        "https://10.0.0.1/a.png", "https://169.254.169.254/latest/meta-data", "file:///etc/passwd",
        "gopher://127.0.0.1:PORT/a",
    ]

    @Test func `a picture's URL may not lead to loopback or to private networks`() async throws {
        try await Scene.play({ $0.server = ["watch: false"] }) { scene in
            let port = scene.farm.deliveryServer.port
            let picture: JSON = .string("data:image/png;base64," + Base64.encode(Scene.png()))
            let json = scene.client.with("content-type", "application/json")
            for link in Self.forbiddenLinks {
                let address = JSON.string(link.replacing("PORT", with: "\(port)"))
                let bodies: [JSON] = [
                    ["model": "openai/gpt-image-2", "prompt": "a", "images": [["image_url": address]]],
                    [
                        "model": "openai/gpt-image-2", "prompt": "a", "images": [["image_url": picture]],
                        "mask": ["image_url": address],
                    ],
                ]
                let requests = bodies.map { json.request("POST", Scene.edits, body: $0.serialized()) }
                let replies = try await scene.client.inTurn(requests + [scene.client.request("GET", "/health")])
                #expect(replies.map(\.status) == [400, 400, 200], "\(link): \(replies.first?.text ?? "")")
                #expect(replies.prefix(2).allSatisfy { $0.errorCode == "invalid_value" }, "\(link)")
            }
            #expect(scene.farm.replicate.delivery.fetches.isEmpty && scene.farm.creates.isEmpty)
        }
    }

    @Test(arguments: [
        ("GET", "/v1/nothing", 404, "not_found"), ("DELETE", "/v1/images/generations", 405, "method_not_allowed"),
        ("GET", "/v1/jobs/job_nothing", 404, "not_found"),
    ])
    func `unknown paths and methods answer in the same shape`(method: String, path: String, status: Int, code: String)
        async throws
    {
        try await Scene.play { scene in
            let reply = try await scene.client.send(method, path)
            #expect(reply.status == status && reply.errorCode == code, "\(reply.text)")
            #expect((reply.header("allow") != nil) == (status == 405))
        }
    }
}
