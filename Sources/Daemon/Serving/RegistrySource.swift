import Configuration
import Orchestrator
import Synchronization

/// Holds the registry in force, and replaces it whole when the file can be loaded.
final class RegistrySource: Sendable {
    private struct State: Sendable {
        var registry: Registry
        var trustedProxies: [AddressBlock]
        var fingerprint: String
        var loaded: Timestamp
        var reloads = 0
        var errors: [ConfigError] = []
        var warnings: [ConfigError]
    }

    let path: String
    private let loader: ConfigurationLoader
    private let overrides: @Sendable (inout Registry) -> Void
    private let time: any TimeSource
    private let state: Lock<State>

    /// Loads the file for the first time; `overrides` is what flags and environment say, at each load anew.
    init(
        path: String,
        loader: ConfigurationLoader,
        time: any TimeSource,
        overrides: @escaping @Sendable (inout Registry) -> Void
    ) throws(ConfigurationLoader.Failure) {
        self.path = path
        self.loader = loader
        self.time = time
        self.overrides = overrides
        var loaded = try loader.load(path, today: time.now().day)
        overrides(&loaded.registry)
        state = Lock(
            State(
                registry: loaded.registry,
                trustedProxies: Self.proxies(loaded.registry),
                fingerprint: loaded.fingerprint,
                loaded: time.now(),
                warnings: loaded.warnings
            )
        )
    }

    var current: Registry { state.withLock { $0.registry } }
    var trustedProxies: [AddressBlock] { state.withLock { $0.trustedProxies } }
    var warnings: [String] { state.withLock { $0.warnings.map { $0.line(severity: "warning") } } }
    var lastErrors: [String] { state.withLock { $0.errors.map(\.description) } }

    /// Whether the file is another than the one last looked at.
    var isStale: Bool {
        guard let now = loader.fingerprint(of: path) else { return false }
        return state.withLock { $0.fingerprint != now }
    }

    /// Loads the file and swaps it in; false, with the old registry still in force, when it has mistakes.
    func reload(today: Day, log: any EventLog) -> Bool {
        do throws(ConfigurationLoader.Failure) {
            var loaded = try loader.load(path, today: today)
            overrides(&loaded.registry)
            let proxies = Self.proxies(loaded.registry)
            let now = time.now()
            state.withLock { state in
                state = State(
                    registry: loaded.registry,
                    trustedProxies: proxies,
                    fingerprint: loaded.fingerprint,
                    loaded: now,
                    reloads: state.reloads + 1,
                    warnings: loaded.warnings
                )
            }
            log.log(.info, "registry reloaded", [("file", path)])
            for warning in warnings { log.log(.warning, "configuration", [("what", warning)]) }
            return true
        } catch {
            let seen = loader.fingerprint(of: path)
            state.withLock { state in
                state.errors = error.errors
                if let seen { state.fingerprint = seen }
            }
            for mistake in error.errors {
                log.log(.error, "registry not reloaded", [("what", mistake.description)])
            }
            return false
        }
    }

    /// For administrators: what is in force, since when, and what the last attempt to change it said.
    var report: JSON {
        state.withLock { state in
            [
                "file": .string(path), "loaded": .text(state.loaded), "reloads": .integer(state.reloads),
                "policy": .string(state.registry.routing.policy),
                "policies": .array(state.registry.policies.keys.sorted().map(JSON.string)),
                "providers": .array(
                    state.registry.providers.map { provider in
                        [
                            "id": .string(provider.id), "adapter": .string(provider.kind),
                            "enabled": .string(provider.availability.rawValue),
                            "models": .array(provider.models.map { .string($0.id) }),
                        ]
                    }
                ),
                "left_out": .array(
                    state.registry.leftOut.map { ["id": .string($0.provider), "missing": .string($0.variable)] }
                ),
                "warnings": .array(state.warnings.map { .string($0.line(severity: "warning")) }),
                "errors": .array(state.errors.map { .string($0.description) }),
                "last_error": .text(state.errors.first),
            ]
        }
    }

    private static func proxies(_ registry: Registry) -> [AddressBlock] {
        registry.server.trustedProxies.compactMap(AddressBlock.init)
    }
}
