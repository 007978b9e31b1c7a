package import Orchestrator

/// Makes a registry of a file: whole and checked, or not at all.
///
/// Reads the named file and those that it refers to, and nothing else; no state is kept, so a reload is a second call.
package struct ConfigurationLoader: Sendable {
    private let kinds: AdapterKinds
    private let environment: [String: String]

    /// `environment` is what `${NAME}` is looked up in.
    package init(kinds: AdapterKinds, environment: [String: String]) {
        self.kinds = kinds
        self.environment = environment
    }

    /// A registry that may serve.
    package struct Loaded: Sendable {
        package var registry: Registry
        /// In the order of the file; none of them hinders serving.
        package var warnings: [ConfigError]
        /// Changes when the file's bytes do; for watching it, not for security.
        package var fingerprint: String
    }

    /// Every mistake that keeps a file from being loaded, in the order of the file.
    package struct Failure: Error, Sendable {
        package var errors: [ConfigError]
        package var warnings: [ConfigError]

        package init(errors: [ConfigError], warnings: [ConfigError]) {
            self.errors = errors
            self.warnings = warnings
        }
    }

    /// Loads a file to serve by it; `today` decides which models have retired.
    ///
    /// Throws also when a variable is not set that serving cannot do without, such as that of `database:`.
    package func load(_ path: String, today: Day) throws(Failure) -> Loaded {
        let bytes = try bytes(of: path)
        let reading = read(bytes, as: path, today: today)
        let errors = reading.errors + reading.unset
        guard errors.isEmpty, let registry = reading.registry else {
            throw Failure(errors: errors.inOrder, warnings: reading.warnings)
        }
        return Loaded(registry: registry, warnings: reading.warnings, fingerprint: Self.fingerprint(of: bytes))
    }

    /// The fingerprint that a load would give now; nil when the file cannot be read.
    package func fingerprint(of path: String) -> String? {
        (try? bytes(of: path)).map(Self.fingerprint)
    }

    /// Examines a file and says everything that is to be said about it; a variable that is not set is a warning here.
    package func check(_ path: String, today: Day) -> CheckReport {
        do throws(Failure) {
            return check(try bytes(of: path), as: path, today: today)
        } catch {
            return CheckReport(file: path, registry: nil, errors: error.errors, warnings: error.warnings)
        }
    }

    /// The same for the bytes of a file.
    package func check(_ bytes: [UInt8], as path: String, today: Day) -> CheckReport {
        CheckReport(file: path, reading: read(bytes, as: path, today: today))
    }

    private func read(_ bytes: [UInt8], as path: String, today: Day) -> Reading {
        Reading(
            bytes,
            file: path,
            directory: ConfigurationFile.directory(of: path),
            kinds: kinds,
            environment: environment,
            today: today
        )
    }

    private func bytes(of path: String) throws(Failure) -> [UInt8] {
        do throws(ConfigurationFile.Problem) {
            return try ConfigurationFile.bytes(of: path, limit: YAMLDocument.Limit.bytes)
        } catch {
            let mistake = ConfigError(
                file: path,
                line: 1,
                column: 1,
                key: "",
                message: "cannot be read: \(error.message)"
            )
            throw Failure(errors: [mistake], warnings: [])
        }
    }

    /// FNV-1a over all bytes.
    private static func fingerprint(of bytes: [UInt8]) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}

/// One pass over one file's bytes.
struct Reading {
    /// Nil when there are errors.
    private(set) var registry: Registry?
    private(set) var errors: [ConfigError] = []
    private(set) var warnings: [ConfigError] = []
    /// Values that refer to something not set and that the daemon needs to serve; as long as it only checks, it can go on.
    private(set) var unset: [ConfigError] = []

    init(
        _ bytes: [UInt8],
        file: String,
        directory: String,
        kinds: AdapterKinds,
        environment: [String: String],
        today: Day
    ) {
        let references = ReferenceResolver(environment: environment) { path in
            ConfigurationFile.text(of: ConfigurationFile.path(path, in: directory))
        }
        let document = YAMLDocument(bytes, file: file, references: references)
        errors = document.errors
        guard let root = document.root else { return }
        var reader = RegistryReader(kinds: kinds, environment: environment, today: today, directory: directory)
        reader.read(root)
        errors = (errors + reader.diagnostics.errors).inOrder
        warnings = reader.diagnostics.warnings.inOrder
        unset = root.unset(except: reader.diagnostics.handledPaths).map { node in
            node.error("\(node.unsetNames) is not set", hint: "the daemon needs it to start")
        }
        if errors.isEmpty { registry = reader.registry }
    }
}

extension [ConfigError] {
    /// Sorted as the places are in the file.
    fileprivate var inOrder: [ConfigError] {
        enumerated().sorted { a, b in
            (a.element.line, a.element.column, a.offset) < (b.element.line, b.element.column, b.offset)
        }.map(\.element)
    }
}

extension CheckReport {
    fileprivate init(file: String, reading: Reading) {
        self.init(
            file: file,
            registry: reading.registry,
            errors: reading.errors,
            warnings: (reading.warnings + reading.unset).inOrder
        )
    }
}
