import Foundation
import Orchestrator
import Providers
import Testing

@testable import Configuration

/// The `providers.yaml` at the top of the repository.
enum ShippedFile {
    static let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../providers.yaml")
        .standardizedFileURL.path(percentEncoded: false)

    static func bytes() -> [UInt8] {
        (try? ConfigurationFile.bytes(of: path, limit: YAMLDocument.Limit.bytes)) ?? []
    }
}

@Suite struct ShippedFileTests {
    private let keys = ["OPENAI_API_KEY": "a", "STABILITY_API_KEY": "b", "REPLICATE_API_TOKEN": "c"]

    private func loader(_ environment: [String: String]) -> ConfigurationLoader {
        ConfigurationLoader(kinds: .stubs, environment: environment)
    }

    @Test func `without any key it loads, warns, and leaves the sandbox`() throws {
        let loaded = try loader([:]).load(ShippedFile.path, today: Sample.today)
        #expect(
            loaded.registry.leftOut.map(\.variable) == ["OPENAI_API_KEY", "STABILITY_API_KEY", "REPLICATE_API_TOKEN"]
        )
        let serving = loaded.registry.providers.filter { $0.availability != .disabled }
        #expect(serving.map(\.id) == ["sandbox"] && loaded.fingerprint.count == 16)
        let report = loader([:]).check(ShippedFile.path, today: Sample.today)
        #expect(
            report.isSound
                && report.summary.hasSuffix(
                    "providers.yaml: ok, 2 providers, 10 models, 3 left out (OPENAI_API_KEY, STABILITY_API_KEY, REPLICATE_API_TOKEN not set)"
                )
        )
        #expect(report.diagnostics.allSatisfy { $0.contains(": warning: ") })
    }

    @Test func `with all keys every provider is there, and what retires soon is named`() throws {
        let loaded = try loader(keys).load(ShippedFile.path, today: Sample.today)
        #expect(
            loaded.registry.providers.map(\.id) == ["openai", "stability", "stability-tools", "replicate", "sandbox"]
        )
        #expect(loaded.warnings.map(\.message) == Array(repeating: "retires on 2026-12-01", count: 3))
        #expect(Set(loaded.registry.aliases.keys) == ["dall-e-2", "dall-e-3", "gpt-image-1"])
    }

    @Test func `the daemon's own adapters take every entry`() throws {
        let loader = ConfigurationLoader(kinds: AdapterKinds(Builtin.adapters), environment: keys)
        let report = loader.check(ShippedFile.path, today: Sample.today)
        #expect(report.errors.isEmpty, "\(report.diagnostics)")
        let registry = try #require(report.registry)
        for provider in registry.providers {
            for model in provider.models {
                // What the file says a model can do, its adapter must be able to ask for.
                let known = provider.adapter.knownCapabilities(of: model.id)
                let missing = known.map { model.capabilities.operations.subtracting($0.operations) }
                #expect(missing?.isEmpty != false, "\(provider.id)/\(model.id) cannot \(missing ?? [])")
            }
        }
    }

    @Test func `dear and one-purpose services are off`() throws {
        let registry = try loader(keys).load(ShippedFile.path, today: Sample.today).registry
        #expect(registry.provider("stability-tools")?.availability == .disabled)
        for provider in registry.providers where provider.availability == .enabled {
            for model in provider.models {
                #expect(
                    !model.id.hasPrefix("upscale")
                        && model.tiers.allSatisfy { $0.price.price(for: nil) ?? .zero < MicroUSD(micros: 400_000) }
                )
            }
        }
    }

    /// The rule in the file's comment, from which its prices were made.
    @Test(arguments: [
        ("gpt-image-2", Tier.low, 16), ("gpt-image-2", .high, 96), ("gpt-image-2.5-flare", .medium, 24),
        ("gpt-image-2.5-sunburst", .max, 96),
    ])
    func `prices by size follow the vendor's tokens`(model: String, tier: Tier, factor: Int) throws {
        let provider = try loader(keys).load(ShippedFile.path, today: Sample.today).registry.provider("openai")
        let price = try #require(provider?.models.first { $0.id == model }?.offer(tier)?.price)
        for (size, micros) in price.bySize.map({ ($0.key, $0.value.micros) }) {
            let (long, short) = (max(size.width, size.height), min(size.width, size.height))
            let steps = (2 * factor * short + long) / (2 * long)
            let tokens = (factor * steps * (2_000_000 + size.area) + 3_999_999) / 4_000_000
            #expect(micros == Int64(tokens * 30), "\(size)")
        }
        #expect(price.price(for: nil) == price.price(for: PixelSize("1024x1024")))
        #expect(price.isByTokens, "every other size has the vendor's own price")
    }
}

@Suite struct ConfigurationLoaderTests {
    private let loader = ConfigurationLoader(kinds: .stubs, environment: [:])

    private func withFile<T>(_ text: String, named name: String = "f.yaml", _ body: (String) throws -> T) throws -> T {
        let directory = FileManager.default.temporaryDirectory.appending(path: "orchestrator-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.appending(path: name).path(percentEncoded: false)
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        return try body(path)
    }

    @Test func `a file that cannot be read is a mistake like others`() {
        let report = loader.check("/nowhere/at/all.yaml", today: Sample.today)
        #expect(report.diagnostics == ["/nowhere/at/all.yaml:1:1: error: cannot be read: no such file or directory"])
        #expect(report.summary == "/nowhere/at/all.yaml: 1 error" && !report.isSound)
    }

    @Test func `lines are as editors want them`() throws {
        try withFile(Sample.least.changing("low:", to: "lo:") + "foo: 1\n") { path in
            let report = loader.check(path, today: Sample.today)
            #expect(
                report.diagnostics == [
                    "\(path):9:11: error: providers.sandbox.models.placeholder.tiers.lo: unknown tier 'lo' (did you mean 'low'?)",
                    "\(path):10:1: error: foo: unknown key (known: version, server, database, storage, routing, aliases, providers, limits, billing, auth, moderation, alerts)",
                ]
            )
            #expect(report.summary == "\(path): 2 errors")
        }
    }

    @Test func `serving refuses what checking only warns of`() throws {
        try withFile("database: ${DATABASE_URL}\n" + Sample.least) { path in
            #expect(loader.check(path, today: Sample.today).isSound)
            let failure = #expect(throws: ConfigurationLoader.Failure.self) {
                try loader.load(path, today: Sample.today)
            }
            #expect(failure?.errors.map(\.key) == ["database"])
        }
    }

    @Test func `files are found beside the configuration, and their content is trimmed`() throws {
        try withFile(Sample.least + "auth: {session_secret: \"${file:f.secret}\"}\n") { path in
            try " 0123456789abcdef \n".write(
                toFile: path.replacing("f.yaml", with: "f.secret"),
                atomically: false,
                encoding: .utf8
            )
            #expect(
                try loader.load(path, today: Sample.today).registry.auth.sessionSecret?.reveal() == "0123456789abcdef"
            )
        }
    }

    @Test func `the fingerprint changes with the bytes`() throws {
        try withFile(Sample.least) { path in
            let first = try loader.load(path, today: Sample.today).fingerprint
            #expect(loader.fingerprint(of: path) == first)
            try (Sample.least + "# more\n").write(toFile: path, atomically: false, encoding: .utf8)
            #expect(loader.fingerprint(of: path) != first && loader.fingerprint(of: path + "x") == nil)
        }
    }
}
