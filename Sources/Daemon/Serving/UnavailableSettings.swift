import Configuration
import Orchestrator

/// Settings that a file may hold and this version cannot honour: refused, since to ignore them would be to promise.
enum UnavailableSettings {
    static func mistakes(in registry: Registry, file: String) -> [ConfigError] {
        var mistakes: [ConfigError] = []
        func refuse(_ key: String, _ message: String) {
            mistakes.append(
                ConfigError(file: file, line: 1, column: 1, key: key, message: "\(message) in this version")
            )
        }
        if case .s3 = registry.storage { refuse("storage.adapter", "only filesystem is available") }
        return mistakes
    }
}

extension ConfigurationLoader {
    /// Loads a file that this version can serve by.
    func loadServable(_ path: String, today: Day) throws(Failure) -> Loaded {
        let loaded = try load(path, today: today)
        let mistakes = UnavailableSettings.mistakes(in: loaded.registry, file: path)
        guard mistakes.isEmpty else { throw Failure(errors: mistakes, warnings: loaded.warnings) }
        return loaded
    }
}
