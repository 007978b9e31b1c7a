import FakeVendors
import Foundation
import Orchestrator
import Testing

/// A daemon, its vendors, and the words tests use between them.
struct Scene {
    let farm: VendorFarm
    let daemon: DaemonProcess

    var client: HTTPClient { daemon.client }

    /// Runs `body` with a daemon over fresh fake vendors; no malformed vendor call may happen unless it is expected.
    static func play(
        _ change: (inout RegistryText) -> Void = { _ in },
        environment: [String: String] = [:],
        launcher: [String] = [],
        allowsInvalidCalls: Bool = false,
        _ body: (Scene) async throws -> Void
    ) async throws {
        let farm = try VendorFarm()
        let daemon = try DaemonProcess(
            farm.registry.with(change).text,
            environment: farm.environment.merging(environment) { $1 },
            launcher: launcher
        )
        do {
            try await daemon.start()
            try await body(Scene(farm: farm, daemon: daemon))
        } catch {
            Issue.record("daemon's output:\n\(daemon.output.suffix(4000))")
            await end(farm, daemon)
            throw error
        }
        if !allowsInvalidCalls { #expect(farm.invalid.isEmpty) }
        await end(farm, daemon)
    }

    private static func end(_ farm: VendorFarm, _ daemon: DaemonProcess) async {
        daemon.kill()
        await daemon.untilExit()
        // A daemon that a sanitizer stopped may have answered all that its test asked.
        if daemon.output.contains("Sanitizer: ") { Issue.record("daemon's output:\n\(daemon.output.suffix(8000))") }
        _ = try? await WorkerThread.run { farm.stop() }
    }

    // MARK: Asking

    static let generations = "/v1/images/generations"
    static let edits = "/v1/images/edits"
    static let variations = "/v1/images/variations"

    /// Asks for one cheap picture, and whatever else.
    func generate(_ members: [String: JSON] = [:]) async throws -> ClientReply {
        var body: JSONObject = ["prompt": "a fox", "quality": "low", "size": "1024x1024"]
        for (name, value) in members { body[name] = value }
        return try await client.post(Scene.generations, .object(body))
    }

    /// The bytes of one picture of an answer, from base64 or by its link.
    func picture(_ reply: ClientReply, _ index: Int = 0) async throws -> [UInt8] {
        let item = try #require(reply.json?["data"]?[index])
        if let base64 = item["b64_json"]?.string { return try #require(Base64.decode(base64)) }
        let link = try #require(item["url"]?.string)
        return try await client.get(Scene.path(of: link)).body
    }

    /// The path and query of a URL.
    static func path(of link: String) -> String {
        "/" + link.split(separator: "/").dropFirst(2).joined(separator: "/")
    }

    /// The job behind an answer.
    func job(_ reply: ClientReply) async throws -> JSON {
        let id = try #require(reply.header("x-job-id"))
        return try #require(try await client.get("/v1/jobs/\(id)").json)
    }

    /// Every file under the data directory.
    func files() -> [URL] {
        let walk = FileManager.default.enumerator(at: daemon.dataDirectory, includingPropertiesForKeys: nil)
        return (walk?.allObjects as? [URL] ?? []).filter { !$0.hasDirectoryPath }
    }

    static func png(_ width: Int = 512, _ height: Int = 512, isTransparent: Bool = false) -> [UInt8] {
        PictureMaker.make(.png, width: width, height: height, number: 7, isTransparent: isTransparent)
    }
}
