import FakeVendors
import Foundation
import Orchestrator
import Testing

/// The gallery as anybody sees it: addresses that never change, the newest picture, and the list.
@Suite(.timeLimit(.minutes(3))) struct GalleryPictureTests {
    static let latest = "/art/latest.jpg"

    /// Makes one picture; the path under which it stays.
    static func make(_ scene: Scene) async throws -> String {
        let reply = try await GalleryTests.make(scene)
        try #require(reply.status == 200, "\(reply.text)")
        return Scene.path(of: try #require(reply.json?["historyUrl"]?.string))
    }

    @Test func `an empty gallery says so`() async throws {
        try await Scene.play { scene in
            let anybody = scene.daemon.client(key: nil)
            for path in [Self.latest, "/api/images/latest"] {
                let reply = try await anybody.get(path)
                #expect(reply.status == 404 && GalleryTests.code(reply) == "no_images_found", "\(reply.text)")
            }
            let list = try await anybody.get("/api/images")
            #expect(list.json == ["count": 0, "images": [], "has_more": false, "cursor": .null])
            // Other public pictures are no part of it.
            let other = try await scene.generate()
            let id = try #require(try await scene.job(other)["images"]?[0]?["id"]?.string)
            _ = try await scene.client.with("content-type", "application/json")
                .send("PUT", "/v1/images/\(id)/visibility", body: Array(#"{"is_public": true}"#.utf8))
            #expect(try await anybody.get("/api/images").json?["count"] == 0)
        }
    }

    @Test func `a picture's address serves the same bytes for good, with tags, ranges and HEAD`() async throws {
        try await Scene.play({ $0.server.append("cors_origins: [\"https://a.example\"]") }) { scene in
            let path = try await Self.make(scene)
            let picture = try #require(scene.farm.vendors.flatMap(\.pictures).first)
            let anybody = scene.daemon.client(key: nil)
            let whole = try await anybody.get(path)
            #expect(whole.status == 200 && whole.body == picture.bytes)
            #expect(whole.header("cache-control") == "public, max-age=31536000, immutable")
            let tag = try #require(whole.header("etag"))
            let unchanged = try await anybody.with("if-none-match", tag).get(path)
            #expect(unchanged.status == 304 && unchanged.body.isEmpty)
            let head = try await anybody.send("HEAD", path)
            #expect(head.status == 200 && head.header("content-length") == String(picture.bytes.count))
            let part = try await anybody.with("range", "bytes=10-19").get(path)
            #expect(part.status == 206 && part.body == Array(picture.bytes[10...19]))
            let page = try await anybody.with("origin", "https://b.example").get(path)
            for reply in [whole, unchanged, head, part, page] {
                #expect(reply.header("x-content-type-options") == "nosniff")
                #expect(reply.headers.filter { $0.name == "access-control-allow-origin" }.map(\.value) == ["*"])
            }
        }
    }

    @Test func `a thumbnail is small, stays the same, and is seen by whoever sees the picture`() async throws {
        try await Scene.play { scene in
            let job = try await scene.job(scene.generate())
            let id = try #require(job["images"]?[0]?["id"]?.string)
            let path = "/v1/images/\(id)/thumbnail"
            let own = try await scene.client.get(path)
            #expect(own.status == 200 && own.header("content-type") == "image/webp")
            let facts = try ImageInspector.facts(of: own.body)
            #expect((facts.width, facts.height) == (512, 512))
            #expect(own.header("cache-control") == "private, max-age=31536000, immutable")
            #expect(try await scene.client.get(path).body == own.body)
            let tag = try #require(own.header("etag"))
            #expect(try await scene.client.with("if-none-match", tag).get(path).status == 304)
            let head = try await scene.client.send("HEAD", path)
            #expect(head.status == 200 && head.body.isEmpty)
            #expect(head.header("content-length") == String(own.body.count))
            let anybody = scene.daemon.client(key: nil)
            #expect(try await anybody.get(path).status == 404)
            _ = try await scene.client.with("content-type", "application/json")
                .send("PUT", "/v1/images/\(id)/visibility", body: Array(#"{"is_public": true}"#.utf8))
            #expect(try await anybody.get(path).body == own.body)
            _ = try await scene.client.send("DELETE", "/v1/images/\(id)")
            for client in [scene.client, anybody] { #expect(try await client.get(path).status == 404) }
        }
    }

    @Test func `other names lead nowhere, and nobody may write`() async throws {
        try await Scene.play { scene in
            let path = try await Self.make(scene)
            let stem = String(path.dropLast(4))
            let names = [
                stem, stem + ".jpg", stem + ".PNG", path + ".png", path + "/", "/art/", "/art/latest", "/art/latest.",
                "/art/latest.jpg.png", "/art/1999-01-01T00-00-00-000Z.png", "/art/..", "/art/../health",
                "/art/%2e%2e", "/art/%2e%2e/health", "/art/%2e%2e%2fhealth", "/art/..%2f..%2fadmin.key",
                path.replacing("Z.png", with: "z.png"), path.replacing("T", with: " ").replacing(" ", with: "%20"),
            ]
            for name in names {
                let reply = try await scene.client.get(name)
                #expect(reply.status == 404 && GalleryTests.code(reply) != nil, "\(name): \(reply.text)")
            }
            for method in ["PUT", "DELETE", "POST"] {
                for name in [path, Self.latest] {
                    let reply = try await scene.client.send(method, name, body: [])
                    #expect(reply.status == 405 && reply.header("allow") == "GET, HEAD, OPTIONS")
                }
            }
            #expect(try await scene.client.get(path).body == scene.farm.vendors.flatMap(\.pictures).first?.bytes)
        }
    }

    @Test func `latest is the newest, and follows what is hidden and deleted`() async throws {
        try await Scene.play { scene in
            let anybody = scene.daemon.client(key: nil)
            func expectLatest(_ path: String) async throws {
                let newest = try await anybody.get(Self.latest)
                #expect(newest.header("cache-control") == "no-store, max-age=0")
                #expect(newest.header("content-type") == "image/png")
                #expect(try await anybody.get(path).body == newest.body)
                let described = try await anybody.get("/api/images/latest").json
                #expect(described?["url"]?.string == scene.daemon.base + path)
                #expect(described?["key"]?.string == String(path.dropFirst()))
                #expect(described?["size"]?.int == newest.body.count)
                #expect(try await anybody.get("/art/latest.png").body == newest.body)
            }
            var paths: [String] = []
            for _ in 0..<3 {
                paths.append(try await Self.make(scene))
                try await expectLatest(paths[paths.count - 1])
            }
            let jobs = try #require(try await scene.client.get("/v1/jobs").json?["data"]?.array)
            let ids = jobs.compactMap { $0["images"]?[0]?["id"]?.string }
            try #require(ids.count == 3)
            _ = try await scene.client.send("DELETE", "/v1/images/\(ids[0])")
            try await expectLatest(paths[1])
            let putting = scene.client.with("content-type", "application/json")
            _ = try await putting.send(
                "PUT",
                "/v1/images/\(ids[1])/visibility",
                body: Array(#"{"is_public": false}"#.utf8)
            )
            try await expectLatest(paths[0])
            for path in paths.dropFirst() { #expect(try await anybody.get(path).status == 404) }
            #expect(try await anybody.get("/api/images").json?["count"] == 1)
        }
    }

    @Test func `fifty at once get fifty addresses, and latest is one whole picture of them`() async throws {
        try await Scene.play { scene in
            let paths = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<50 { group.addTask { try await Self.make(scene) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(paths).count == 50)
            let anybody = scene.daemon.client(key: nil)
            let list = try #require(try await anybody.get("/api/images").json)
            #expect(list["count"] == 50 && list["has_more"] == false)
            let keys = list["images"]?.array?.compactMap { $0["key"]?.string } ?? []
            #expect(keys == paths.sorted(by: >).map { String($0.dropFirst()) })
            let newest = try await anybody.get(Self.latest).body
            #expect(try await anybody.get(paths.max() ?? "").body == newest)
            let made = Set(scene.farm.vendors.flatMap(\.pictures).map(\.bytes))
            #expect(made.contains(newest))
        }
    }

    @Test func `the cursor leads to every picture once, newest first, whatever is added meanwhile`() async throws {
        try await Scene.play { scene in
            var paths: [String] = []
            for _ in 0..<5 { paths.append(try await Self.make(scene)) }
            var (seen, query) = ([String](), "?limit=2")
            while true {
                let page = try #require(try await scene.daemon.client(key: nil).get("/api/images\(query)").json)
                let images = try #require(page["images"]?.array)
                #expect(page["count"]?.int == images.count)
                seen += images.compactMap { $0["key"]?.string }
                #expect(images.allSatisfy { $0["uploaded"]?.string.flatMap { Timestamp($0) } != nil })
                guard page["has_more"] == true, let cursor = page["cursor"]?.string else { break }
                query = "?limit=2&cursor=\(cursor)"
                _ = try await Self.make(scene)
            }
            #expect(seen == paths.reversed().map { String($0.dropFirst()) })
            for query in ["?cursor=yesterday", "?limit=0", "?limit=101", "?limit=x"] {
                let reply = try await scene.client.get("/api/images\(query)")
                #expect(reply.status == 400 && GalleryTests.code(reply) == "invalid_value", "\(reply.text)")
            }
        }
    }

    @Test func `a restart keeps the gallery`() async throws {
        try await Scene.play { scene in
            let path = try await Self.make(scene)
            let bytes = try await scene.client.get(path).body
            try await scene.daemon.restart(isKilled: true)
            #expect(try await scene.client.get(path).body == bytes)
            #expect(try await scene.client.get(Self.latest).body == bytes)
            #expect(try await Self.make(scene) > path)
        }
    }
}
