import FakeVendors
import Foundation
import Orchestrator
import Testing

/// Whole files of prompts: what is done stays done, and is paid for once.
@Suite(.timeLimit(.minutes(3))) struct ControlBatchTests {
    private static let model = ["-m", "openai/gpt-image-2", "-q", "low", "-s", "1024x1024"]

    private static func file(_ control: Control, rows: Int) throws -> String {
        let lines = ["prompt,name"] + (1...rows).map { "\"a fox, number \($0)\",fox-\($0)" }
        return try control.write(Array(lines.joined(separator: "\r\n").utf8), as: "prompts.csv")
    }

    @Test func `a batch tells its cost before and its sums after`() async throws {
        try await Scene.play { scene in
            let control = try scene.control()
            let text = "\u{FEFF}Prompt,name,n,quality\n\"a fox,\nred\",fox,2,\n\na \"\"hare,hare,,\n"
            let file = try control.write(
                Array(text.replacing("a \"\"hare", with: "\"a \"\"hare\"\"\"").utf8),
                as: "p.csv"
            )
            let batch = ["generate", "--batch", file, "-o", "out"] + Self.model
            let dry = try await control.run(batch + ["--dry-run"])
            #expect(dry.status == 0 && dry.error.contains("2 rows to make, 3 pictures, about $0.018"), "\(dry)")
            #expect(scene.farm.creates.isEmpty)
            let ran = try await control.run(batch)
            #expect(
                ran.status == 0 && ran.out.hasPrefix("2 of 2 made now, 0 before, 0 failed: 3 pictures, $"),
                "\(ran)"
            )
            let names = try FileManager.default.contentsOfDirectory(atPath: control.path("out")).sorted()
            #expect(names == ["fox-1.png", "fox-2.png", "hare.png"])
            let prompts = try await scene.client.get("/v1/jobs").json?["data"]?.array?.map {
                $0["request"]?["prompt"]?.string
            }
            #expect(Set(prompts ?? []) == ["a fox,\nred", "a \"hare\""])
            try FileManager.default.removeItem(atPath: control.path("out/hare.png"))
            let again = try await control.run(batch + ["--json"])
            #expect(again.json?["made"] == 0 && again.json?["done_before"] == 2 && scene.farm.creates.count == 2)
            #expect(FileManager.default.fileExists(atPath: control.path("out/hare.png")))
        }
    }

    @Test func `a batch that was killed goes on where it stood, and every picture is made once`() async throws {
        try await Scene.play { scene in
            let (control, gate) = (try scene.control(), Gate())
            let file = try Self.file(control, rows: 8)
            // Two are done; the next ones rest at the vendor when the program is killed.
            scene.farm.openAI.script(.ok, .ok, .held(by: gate), .held(by: gate), then: .ok)
            let batch = ["generate", "--batch", file, "-o", "out", "--parallel", "2"] + Self.model
            let first = try control.start(batch)
            await scene.farm.openAI.until { $0.creates.count == 4 }
            #expect(try await control.run(batch).error.contains("this batch runs already"))
            first.signal(SIGKILL)
            _ = await first.untilExit()
            // As if the last note had been cut off in the middle.
            let journal = try FileHandle(forWritingTo: URL(filePath: file + ".journal"))
            try journal.seekToEnd()
            try journal.write(contentsOf: Data("{\"row\":\"cut".utf8))
            try journal.close()
            gate.open()
            let second = try await control.run(batch + ["--json"])
            #expect(second.status == 0 && second.json?["failed"] == 0, "\(second)")
            #expect(second.json?["done_before"]?.int ?? 0 <= 2 && second.json?["rows"] == 8)
            #expect(scene.farm.openAI.creates.count == 8, "a picture was made twice, or never")
            #expect(try FileManager.default.contentsOfDirectory(atPath: control.path("out")).count == 8)
            let jobs = try await scene.client.get("/v1/jobs?limit=100").json?["data"]?.array
            #expect(jobs?.count == 8)
            #expect(try control.mode(of: URL(filePath: file + ".journal")) == 0o600)
        }
    }

    @Test func `rows that fail are told, and only they are tried again`() async throws {
        try await Scene.play { scene in
            let control = try scene.control()
            let file = try Self.file(control, rows: 3)
            scene.farm.openAI.script(.ok, .fail(.moderation), then: .ok)
            let batch = ["generate", "--batch", file, "--parallel", "1"] + Self.model
            let first = try await control.run(batch + ["--json"])
            #expect(first.status == 1 && first.json?["made"] == 2 && first.json?["failed"] == 1, "\(first)")
            #expect(first.json?["failures"]?[0]?["line"] == 3 && first.error.contains("moderation_blocked"))
            let second = try await control.run(batch + ["--json"])
            #expect(second.status == 0 && second.json?["made"] == 1 && second.json?["done_before"] == 2, "\(second)")
            #expect(scene.farm.openAI.creates.count == 4)
        }
    }

    @Test func `a line that is added anywhere costs one picture`() async throws {
        try await Scene.play { scene in
            let control = try scene.control()
            let file = try Self.file(control, rows: 2)
            let batch = ["generate", "--batch", file] + Self.model
            #expect(try await control.run(batch).status == 0)
            _ = try control.write(
                Array("name,prompt\nnew,a hare\nfox-1,\"a fox, number 1\"\nfox-2,\"a fox, number 2\"\n".utf8),
                as: "prompts.csv"
            )
            #expect(try await control.run(batch + ["--json"]).json?["made"] == 1 && scene.farm.creates.count == 3)
        }
    }

    static let mistakes: [(String, String)] = [
        ("", "the file is empty"), ("prompt\n", "has no prompts"), ("promt\na\n", "did you mean 'prompt'?"),
        ("prompt,n\na,two\n", "line 2: n must be a number"), ("prompt\n\"a\n", "never closed"),
        ("prompt\na,b\n", "line 2: 2 values for 1 columns"), ("prompt,name\na,../b\n", "no name for a file"),
        ("prompt,name\na,b\nc,b\n", "line 3: line 2 is called 'b' as well"), ("n\n3\n", "line 2: there is no prompt"),
        ("prompt,size\na,1x\n", "line 2"), ("prompt\n\"a\" b\n", "behind a closing quotation mark"),
    ]

    @Test(arguments: mistakes)
    func `a file with a mistake starts nothing`(text: String, why: String) async throws {
        try await Scene.play { scene in
            let control = try scene.control()
            let file = try control.write(Array(text.utf8), as: "p.csv")
            let ran = try await control.run(["generate", "--batch", file] + Self.model)
            #expect(ran.status == 1 && ran.error.contains(why) && scene.farm.creates.isEmpty, "\(ran)")
        }
    }

    @Test func `a server without room is waited for`() async throws {
        let seen = Watched([String?]())
        let server = try LoopbackServer { request, send in
            switch (request.method, request.path) {
            case (_, "/v1/credits/balance"): send(.json(404, ["error": ["message": "none", "code": "not_found"]]))
            case (_, "/v1/routes/explain"): send(.json(200, ["policy": "price", "cost_usd": "0.01", "credits": 0]))
            case ("POST", _):
                let count = seen.change { keys in
                    keys.append(request.header("idempotency-key"))
                    return keys.count
                }
                let busy: JSON = ["error": ["message": "slow down", "code": "rate_limit_exceeded"]]
                guard count > 1 else { return send(.json(429, busy, headers: [("retry-after", "1")])) }
                send(.json(202, ["id": "job_1", "status": "queued"]))
            default: send(.json(200, ["id": "job_1", "status": "succeeded", "images": [], "cost_usd": "0.01"]))
            }
        }
        let control = try Control(server.origin, key: "k")
        let ran = try await control.run(["generate", "--batch", try Self.file(control, rows: 1), "--json"])
        #expect(ran.status == 0 && ran.json?["made"] == 1, "\(ran)")
        #expect(seen.value.count == 2 && seen.value[0] == seen.value[1] && seen.value[0] != nil)
        server.stop()
    }
}
