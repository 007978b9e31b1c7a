import FakeVendors
import Foundation
import Orchestrator
import Testing

/// Downloads: one picture as a file, several as an archive.
@Suite(.timeLimit(.minutes(2))) struct ArchiveTests {
    /// What Python's zipfile finds: names, checksums and whether all is sound.
    private static let listing = """
        import hashlib, json, sys, zipfile
        with zipfile.ZipFile(sys.argv[1]) as archive:
            assert archive.testzip() is None
            assert all(entry.compress_type == zipfile.ZIP_STORED for entry in archive.infolist())
            print(json.dumps([[entry.filename, hashlib.sha256(archive.read(entry)).hexdigest()] for entry in archive.infolist()]))
        """

    private static func entries(_ bytes: [UInt8]) async throws -> [JSON] {
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).zip")
        try Data(bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let unzip = try await run(["unzip", "-tq", file.path])
        #expect(unzip.status == 0, "\(unzip.output)")
        let python = try await run(["python3", "-c", listing, file.path])
        #expect(python.status == 0, "\(python.output)")
        return try JSON(parsing: Array(python.output.utf8)).array ?? []
    }

    private static func run(_ words: [String]) async throws -> (status: Int32, output: String) {
        let folder = FileManager.default.temporaryDirectory
        let ran = try await Shell.run(words, in: folder, environment: ["PATH": "/usr/bin:/bin"])
        return (ran.status, ran.output)
    }

    private static func id(_ link: String?) -> String {
        String((link ?? "").split(separator: "/").last?.prefix { $0 != "." } ?? "")
    }

    @Test func `several pictures come as one archive, whole and with names of their own`() async throws {
        try await Scene.play { scene in
            let reply = try await scene.generate(["response_format": "url", "n": 3, "output_format": "webp"])
            let links = (reply.json?["data"]?.array ?? []).map { $0["url"]?.string }
            let ids = links.map(Self.id)
            #expect(ids.count == 3, "\(reply.text)")
            var digests: [String] = []
            for link in links {
                digests.append(SHA256.hex(try await scene.client.get(Scene.path(of: link ?? "")).body))
            }
            // One that is named twice comes once, and the order is that of the request.
            let order = [ids[2], ids[0], ids[1], ids[0]].joined(separator: ",")
            let archive = try await scene.client.get("/v1/images/zip?ids=\(order)")
            #expect(archive.status == 200 && archive.header("content-type") == "application/zip")
            #expect(archive.header("content-disposition") == "attachment; filename=\"images.zip\"")
            #expect(archive.header("content-length") == String(archive.body.count))
            #expect(
                try await Self.entries(archive.body) == [
                    [.string("1-\(ids[2]).webp"), .string(digests[2])],
                    [.string("2-\(ids[0]).webp"), .string(digests[0])],
                    [.string("3-\(ids[1]).webp"), .string(digests[1])],
                ]
            )
            let head = try await scene.client.send("HEAD", "/v1/images/zip?ids=\(order)")
            #expect(head.header("content-length") == String(archive.body.count) && head.body.isEmpty)
            let job = try #require(reply.header("x-job-id"))
            let ofJob = try await scene.client.get("/v1/images/zip?job=\(job)")
            #expect(try await Self.entries(ofJob.body).map { $0[1]?.string } == digests)
        }
    }

    @Test func `an archive holds only what its reader may see`() async throws {
        try await Scene.play { scene in
            let reply = try await scene.generate(["response_format": "url"])
            let id = Self.id(reply.json?["data"]?[0]?["url"]?.string)
            let job = try #require(reply.header("x-job-id"))
            let stranger = scene.daemon.client(key: nil)
            #expect(try await stranger.get("/v1/images/zip?ids=\(id)").status == 404)
            #expect(try await stranger.get("/v1/images/zip?job=\(job)").status == 401)
            _ = try await scene.client.send(
                "PUT",
                "/v1/images/\(id)/visibility",
                body: Array(#"{"is_public": true}"#.utf8)
            )
            #expect(try await stranger.get("/v1/images/zip?ids=\(id)").status == 200)
            let absent = "img_" + String(repeating: "0", count: 26)
            let refusals: [(String, Int, String)] = [
                ("", 400, "missing_field"), ("?ids=", 400, "missing_field"), ("?ids=,", 400, "missing_field"),
                ("?ids=\(id),../etc", 404, "not_found"), ("?ids=\(id),\(absent)", 404, "not_found"),
                ("?ids=\(id)&job=\(job)", 400, "invalid_value"), ("?job=job_x", 404, "not_found"),
            ]
            for (query, status, code) in refusals {
                let reply = try await scene.client.get("/v1/images/zip\(query)")
                #expect(reply.status == status && reply.errorCode == code, "\(query): \(reply.text)")
            }
        }
    }

    @Test func `a picture is downloaded under its id`() async throws {
        try await Scene.play { scene in
            let reply = try await scene.generate(["response_format": "url", "output_format": "jpeg"])
            let link = Scene.path(of: try #require(reply.json?["data"]?[0]?["url"]?.string))
            let id = Self.id(link)
            let signed = try await scene.daemon.client(key: nil).get(link + "&download=1")
            #expect(signed.status == 200)
            #expect(signed.header("content-disposition") == "attachment; filename=\"\(id).jpg\"")
            #expect(
                try await scene.client.get("/v1/images/\(id)/content?download=1").header("content-disposition") != nil
            )
            #expect(try await scene.client.get("/v1/images/\(id)/content").header("content-disposition") == nil)
            #expect(try await scene.client.get("/v1/images/\(id)/content?download=x").status == 400)
        }
    }
}
