import Orchestrator
import Testing

@testable import Providers

@Suite struct HTTPReplyTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var result: JSON = ["items": "/data/*"]
        var errors: JSON = [:]
        var status = 200
        var headers: [(name: String, value: String)] = []
        var body: JSON
        var means: String

        var testDescription: String { "\(status) \(body.text) \(result.text)\(errors.text) -> \(means)" }
    }

    static let results: [Case] = [
        Case(
            body: ["data": ["https://cdn.example/1", "https://api.example.com/x"]],
            means: "pictures url https://cdn.example/1, url https://api.example.com/x; no usage"
        ),
        Case(
            body: ["data": ["BwcH", "data:image/png;base64,BwcH"]],
            means: "pictures base64 BwcH, base64 data:image/png;base64,BwcH; no usage"
        ),
        Case(body: ["data": ["<blob 0>"]], means: "pictures blob 0; no usage"),
        Case(
            result: ["items": "/data/*", "picture": "/u", "authenticated": true],
            body: ["data": [["u": "https://api.example.com/f"], ["u": "https://cdn.example/f"]]],
            means: "pictures own url https://api.example.com/f, url https://cdn.example/f; no usage"
        ),
        Case(
            result: ["items": "/data/*", "as": "url"],
            body: ["data": ["/files/1"]],
            means: "pictures url https://api.example.com/files/1; no usage"
        ),
        Case(result: ["items": "/data/*"], body: ["data": ["/9j/4AAQ"]], means: "pictures base64 /9j/4AAQ; no usage"),
        Case(
            result: ["items": "/o/*/i/*", "path": "/view", "query": ["f": "{/f}", "s": "{/s}"]],
            body: ["o": ["9": ["i": [["f": "a b&c.png", "s": ""]]]]],
            means: "pictures url https://api.example.com/v1/view?f=a%20b%26c.png&s=; no usage"
        ),
        Case(
            result: ["items": "/data/*", "picture": "/u", "seed": "/s"],
            body: ["data": [["u": "BwcH", "s": 7], ["u": "BwcH", "s": "8"]]],
            means: "pictures base64 BwcH seed 7, base64 BwcH seed 8; no usage"
        ),
        Case(
            result: ["items": "/data/*", "usage": ["text_in": "/u/i", "image_out": "/u/o/*"]],
            body: ["data": ["BwcH"], "u": ["i": 3, "o": [4, 5]]],
            means: "pictures base64 BwcH; usage 3 0 9 0"
        ),
        Case(
            result: ["items": "/data/*", "picture": "/u", "filtered": ["at": "/ok", "is": false]],
            body: ["data": [["u": "BwcH", "ok": false], ["u": "AAAA", "ok": true]]],
            means: "pictures base64 AAAA; no usage"
        ),
        Case(
            result: ["items": "/data/*", "filtered": ["at": "$/reasons/*"]],
            body: ["data": ["BwcH", "AAAA"], "reasons": ["Filter reason: prompt", nil]],
            means: "pictures base64 AAAA; no usage"
        ),
        Case(
            result: ["items": "/data/*", "filtered": ["at": "$/nsfw/*", "is": true]],
            body: ["data": ["BwcH"], "nsfw": [true]],
            means: "refused"
        ),
        Case(body: ["data": []], means: "unusable"), Case(body: ["data": [nil, ""]], means: "unusable"),
        Case(body: [:], means: "unusable"),
    ]

    static let failures: [Case] = [
        Case(status: 400, body: [:], means: "rejected"), Case(status: 401, body: [:], means: "unavailable credential"),
        Case(status: 404, body: [:], means: "unavailable model"),
        Case(status: 500, body: [:], means: "unavailable server again"),
        Case(status: 504, body: [:], means: "unavailable server once"),
        Case(status: 429, headers: [("retry-after", "3")], body: [:], means: "unavailable rate 3000"),
        Case(errors: ["retry_after": "/wait"], status: 429, body: ["wait": 2], means: "unavailable rate 2000"),
        Case(errors: ["message": "/m"], status: 429, body: ["m": "try again in 4s."], means: "unavailable rate 4000"),
        Case(
            errors: ["status": ["402": "quota", "5xx": "failed", "503": "server"]],
            status: 500,
            body: [:],
            means: "unavailable server once"
        ),
        Case(
            errors: ["status": ["402": "quota", "5xx": "failed", "503": "server"]],
            status: 503,
            body: [:],
            means: "unavailable server again"
        ),
        Case(
            errors: ["code": "/error/code", "codes": ["bad": "refused"], "status": ["400": "quota"]],
            status: 400,
            body: ["error": ["code": "bad"]],
            means: "refused"
        ),
        Case(
            errors: ["code": ["/a", "/b/*"], "codes": ["x": "quota"]],
            status: 400,
            body: ["a": "y", "b": ["z", "x"]],
            means: "unavailable quota"
        ),
        Case(
            errors: ["code": "/code", "codes": ["17": "model"]],
            status: 400,
            body: ["code": 17],
            means: "unavailable model"
        ),
        Case(
            errors: ["code": "header:X-Error-Type", "codes": ["policy": "refused"]],
            status: 422,
            headers: [("x-error-type", "policy")],
            body: [:],
            means: "refused"
        ),
        Case(
            errors: ["message": "/detail", "messages": ["Exhausted Balance": "quota"]],
            status: 403,
            body: ["detail": "User is locked: exhausted balance."],
            means: "unavailable quota"
        ),
        Case(
            errors: ["present": "/error"],
            body: ["error": ["message": "x"], "data": ["BwcH"]],
            means: "unavailable server once"
        ),
        Case(
            errors: ["present": "/error", "code": "/error/code", "codes": ["x": "timeout"]],
            body: ["error": ["code": "x"]],
            means: "unknown timeout"
        ),
        Case(
            errors: ["present": "/error"],
            body: ["error": nil, "data": ["BwcH"]],
            means: "pictures base64 BwcH; no usage"
        ),
        Case(
            errors: ["code": "/reason", "codes": ["SAFETY": "refused"]],
            body: ["reason": "SAFETY", "data": []],
            means: "refused"
        ),
        Case(
            errors: ["code": "/reason", "codes": ["SAFETY": "refused"]],
            body: ["reason": "SAFETY", "data": ["BwcH"]],
            means: "pictures base64 BwcH; no usage"
        ),
    ]

    @Test(arguments: results + failures)
    func `a reply means what the file says`(test: Case) throws {
        let adapter = try HTTPScene.adapter(["result": test.result, "errors": test.errors])
        let reply = WireReply(status: test.status, headers: test.headers, body: .document(test.body.withBlobs))
        let call = VendorCall.create(Sample.request("m"), uploads: [:])
        #expect(Meaning.text { () throws(ProviderFailure) in try adapter.decode(reply, to: call) } == test.means)
    }

    @Test func `a body that is a picture is one, declared or by its type`() throws {
        let adapter = try HTTPScene.adapter(["result": ["items": nil, "body": true]])
        let request = Sample.request("m")
        #expect(try adapter.encode(.create(request, uploads: [:])).reply == .picture)
        let reply = WireReply(status: 200, body: .picture(BlobID(index: 0)))
        #expect(
            Meaning.text { () throws(ProviderFailure) in
                try adapter.decode(reply, to: .create(request, uploads: [:]))
            } == "pictures blob 0; no usage"
        )
    }

    @Test func `pictures that were held back may be billed all the same`() throws {
        let adapter = try HTTPScene.adapter([
            "result": ["items": "/data/*", "filtered": ["at": "/x", "is": true], "filtered_billed": true]
        ])
        let reply = WireReply(status: 200, body: .document(["data": [["x": true]]]))
        let failure = #expect(throws: ProviderFailure.self) {
            try adapter.decode(reply, to: .create(Sample.request("m"), uploads: [:]))
        }
        #expect(failure?.kind == .refused && failure?.isBilled == true)
    }
}

@Suite struct HTTPWorkTests {
    private let api: JSON = [
        "hosts": ["*.eu.example.com"],
        "work": [
            "id": "/id", "poll": ["url": "/poll"],
            "state": [
                "at": "/status", "running": ["queued", "busy"], "done": "ok", "canceled": "stopped",
                "refused": "unsafe",
                "failed": ["broken", 500],
            ],
            "collect": ["path": "/results/{id}"], "cancel": ["method": "PUT", "url": "/stop"],
        ],
        "errors": ["message": "/why", "messages": ["no money": "quota"]],
    ]

    private func handle(_ adapter: HTTPAdapter, poll: String, stop: String = "") throws -> VendorHandle? {
        let body: JSON = ["id": "w1", "poll": .string(poll), "stop": .string(stop), "status": "queued"]
        let outcome = try adapter.decode(
            WireReply(status: 202, body: .document(body)),
            to: .create(Sample.request("m"), uploads: [:])
        )
        if case .pending(let handle, _) = outcome { return handle }
        return nil
    }

    @Test func `work is followed by the addresses that the vendor gave, where the key may go there`() throws {
        let adapter = try HTTPScene.adapter(api)
        let kept = try #require(try handle(adapter, poll: "https://r1.eu.example.com/p?x=1", stop: "/stop/w1"))
        #expect(kept.id == "generate|m|w1")
        let poll = try adapter.encode(.poll(kept))
        #expect(poll.url == "https://r1.eu.example.com/p?x=1" && poll.method == .get && poll.authentication == .bearer)
        #expect(try adapter.encode(.collect(kept)).url == "https://api.example.com/v1/results/w1")
        let stop = try adapter.encode(.cancel(kept))
        #expect(stop.url == "https://api.example.com/stop/w1" && stop.method == .put)
    }

    @Test(arguments: ["https://evil.example/p", "http://r1.eu.example.com/p", "//evil.example/p", "p", ""])
    func `an address elsewhere ends the attempt as one that may be billed`(url: String) throws {
        let adapter = try HTTPScene.adapter(api)
        let failure = #expect(throws: ProviderFailure.self) { try handle(adapter, poll: url) }
        #expect(failure?.kind == .unusable)
        // A record that is older than the declaration is judged again.
        let old = VendorHandle(id: "generate|m|w1", pollURL: url)
        #expect(throws: ProviderFailure.self) { try adapter.encode(.poll(old)) }
    }

    @Test func `a stop address elsewhere means only that the work cannot be stopped`() throws {
        let adapter = try HTTPScene.adapter(api)
        let kept = try #require(try handle(adapter, poll: "/p", stop: "https://evil.example/stop"))
        #expect(kept.cancelURL == nil && kept.pollURL == "https://api.example.com/p")
    }

    static let states: [(Int, JSON, String)] = [
        (200, ["status": "queued"], "pending https://api.example.com/p"),
        (200, ["status": "busy"], "pending https://api.example.com/p"),
        (200, ["status": "ok"], "ready https://api.example.com/v1/results/w1"),
        (200, ["status": "stopped"], "unavailable server once"), (200, ["status": "unsafe"], "refused"),
        (200, ["status": "broken"], "unavailable server once"), (200, ["status": 500], "unavailable server once"),
        (200, ["status": "broken", "why": "no money left"], "unavailable quota"),
        (200, ["status": "new"], "unusable"), (200, [:], "unusable"),
        (500, [:], "unavailable server again"), (404, [:], "unusable"), (429, [:], "unavailable rate"),
        (401, [:], "unavailable credential"),
    ]

    @Test(arguments: states)
    func `a state means what the file says`(status: Int, body: JSON, means: String) throws {
        let adapter = try HTTPScene.adapter(api)
        let kept = try #require(try handle(adapter, poll: "/p"))
        let reply = WireReply(status: status, body: .document(body))
        #expect(Meaning.text { () throws(ProviderFailure) in try adapter.decode(reply, to: .poll(kept)) } == means)
    }

    @Test func `a result that is not ready at its address is asked for again, one that failed is not`() throws {
        let adapter = try HTTPScene.adapter(api)
        let kept = try #require(try handle(adapter, poll: "/p"))
        func meaning(_ status: Int, _ body: JSON) -> String {
            Meaning.text { () throws(ProviderFailure) in
                try adapter.decode(WireReply(status: status, body: .document(body)), to: .collect(kept))
            }
        }
        #expect(meaning(503, [:]) == "pending https://api.example.com/p")
        #expect(meaning(503, ["why": "no money"]) == "unavailable quota")
        #expect(meaning(500, [:]) == "unavailable server once")
        #expect(meaning(410, [:]) == "unusable")
        #expect(meaning(200, ["data": ["BwcH"]]) == "pictures base64 BwcH; no usage")
    }

    @Test func `the state may be the HTTP status`() throws {
        let adapter = try HTTPScene.adapter([
            "work": [
                "id": "/id", "poll": ["path": "/results/{id}"], "state": ["at": "status", "running": 202, "done": 200],
            ]
        ])
        let begun = WireReply(status: 200, body: .document(["id": "w/1"]))
        guard case .pending(let kept, _) = try adapter.decode(begun, to: .create(Sample.request("m"), uploads: [:]))
        else {
            Issue.record("the work has not begun")
            return
        }
        func meaning(_ status: Int) -> String {
            Meaning.text { () throws(ProviderFailure) in
                try adapter.decode(WireReply(status: status, body: .document(["data": ["BwcH"]])), to: .poll(kept))
            }
        }
        #expect(meaning(202) == "pending https://api.example.com/v1/results/w/1")
        #expect(meaning(200) == "pictures base64 BwcH; no usage")
        #expect(meaning(500) == "unavailable server again" && meaning(403) == "unavailable credential")
    }

    @Test func `a handle that another kind left is no work of ours`() throws {
        let adapter = try HTTPScene.adapter(api)
        for id in ["w1", "generate|gone|w1", "paint|m|w1"] {
            let failure = #expect(throws: ProviderFailure.self) {
                try adapter.encode(.poll(VendorHandle(id: id, pollURL: "https://api.example.com/p")))
            }
            #expect(failure?.kind == .unknown(.crash))
        }
    }
}
