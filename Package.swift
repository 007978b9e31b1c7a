// swift-tools-version: 6.2
import PackageDescription

/// The strict settings that every Swift target of this package is built with.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableExperimentalFeature("Lifetimes"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

/// One C library of the system: its module map and shim header live in `Sources/<name>`.
func library(_ name: String, pkgConfig: String, apt: String) -> Target {
    .systemLibrary(name: name, path: "Sources/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt])])
}

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

let package = Package(
    name: "Orchestrator",
    products: [
        .executable(name: "orchestratord", targets: ["orchestratord"]),
        .executable(name: "orchestratorctl", targets: ["orchestratorctl"]),
        .library(name: "Orchestrator", targets: ["Orchestrator"]),
        .library(name: "Providers", targets: ["Providers"]),
        .library(name: "Daemon", targets: ["Daemon"]),
    ],
    targets: [
        library("CCurl", pkgConfig: "libcurl", apt: "libcurl4-openssl-dev"),
        library("CYAML", pkgConfig: "yaml-0.1", apt: "libyaml-dev"),
        library("CSQLite", pkgConfig: "sqlite3", apt: "libsqlite3-dev"),
        library("CPostgreSQL", pkgConfig: "libpq", apt: "libpq-dev"),
        library("CGObject", pkgConfig: "gobject-2.0", apt: "libvips-dev"),
        library("COpenSSL", pkgConfig: "libcrypto", apt: "libssl-dev"),
        // llhttp ships as C source in Debian's node-llhttp; the strict mode can only be chosen when it is compiled.
        .target(
            name: "CLLHTTP",
            path: "Sources/CLLHTTP",
            cSettings: [.define("LLHTTP_STRICT_MODE", to: "1")]
        ),
        // What Swift's Glibc overlay lacks: epoll details, accept4, eventfd, sendfile.
        .target(name: "CSystem", path: "Sources/CSystem"),
        // libvips, loaded when it is first needed; its headers need GLib's.
        .target(name: "CVips", dependencies: ["CGObject"], path: "Sources/CVips"),
        // The web pages, built into the program by the C compiler.
        .target(name: "CPages", path: "Sources/CPages", exclude: ["files"]),

        module("Orchestrator"),
        module("Providers", ["Orchestrator"]),
        module("Transport", ["Orchestrator", "CSystem", "CLLHTTP", "CCurl"]),
        module("Persistence", ["Orchestrator", "CSQLite", "CPostgreSQL", "COpenSSL", "CSystem"]),
        module("Imaging", ["Orchestrator", "CVips"]),
        module("Configuration", ["Orchestrator", "CYAML"]),
        // What both programs know of flags, streams and tables.
        module("CommandLineInterface", ["CSystem"]),
        module(
            "Daemon",
            [
                "Orchestrator", "Transport", "Persistence", "Imaging", "Configuration", "CommandLineInterface",
                "CSystem", "CPages",
            ]
        ),
        .executableTarget(name: "orchestratord", dependencies: ["Daemon", "Providers"], swiftSettings: strict),
        // The client for people and scripts.
        module(
            "ControlClient",
            ["Orchestrator", "Transport", "Persistence", "Imaging", "CommandLineInterface", "CCurl", "CSystem"]
        ),
        .executableTarget(name: "orchestratorctl", dependencies: ["ControlClient"], swiftSettings: strict),

        // What the imaging costs, for `Benchmarks/imaging.py`.
        .executableTarget(
            name: "imaging-bench",
            dependencies: ["Imaging", "Orchestrator"],
            path: "Benchmarks/Imaging",
            swiftSettings: strict
        ),

        // Stand-ins for the vendors' APIs, for tests of any layer.
        .target(
            name: "FakeVendors",
            dependencies: ["Orchestrator", "COpenSSL"],
            path: "Tests/FakeVendors",
            swiftSettings: strict
        ),
        // A PostgreSQL server of the tests' own, for tests of any layer.
        .target(
            name: "PostgresTestServer",
            dependencies: ["TestProcesses"],
            path: "Tests/PostgresTestServer",
            swiftSettings: strict
        ),
        // An S3 server of the tests' own, too.
        .target(
            name: "S3TestServer",
            dependencies: ["TestProcesses"],
            path: "Tests/S3TestServer",
            swiftSettings: strict
        ),
        // Processes that end with the tests that started them.
        .target(name: "TestProcesses", path: "Tests/TestProcesses", swiftSettings: strict),
        // Random numbers that a failing test can be repeated with.
        .target(name: "Randomness", path: "Tests/Randomness", swiftSettings: strict),
        tests("FakeVendorsTests", ["FakeVendors", "Orchestrator"]),

        // The built daemon as its callers meet it: a process, sockets, files.
        tests(
            "EndToEndTests",
            [
                "FakeVendors", "Orchestrator", "PostgresTestServer", "S3TestServer", "Randomness", "orchestratord",
                "orchestratorctl",
            ],
            exclude: ["Support/official_client.py"]
        ),

        // Everything that reads bytes from outside, with the promises that each input must leave whole.
        .target(
            name: "Fuzzing",
            dependencies: ["Orchestrator", "Transport", "Configuration", "Providers"],
            path: "Tests/Fuzzing",
            swiftSettings: strict
        ),
        tests("FuzzingTests", ["Fuzzing"]),
        // Our quotes against the price books of the fake vendors.
        tests("QuoteTests", ["FakeVendors", "Configuration", "Providers", "Orchestrator", "Randomness"]),

        tests("OrchestratorTests", ["Orchestrator", "Randomness"]),
        tests("ProvidersTests", ["Providers", "Orchestrator"]),
        tests("TransportTests", ["Transport", "Orchestrator", "Randomness"]),
        tests(
            "PersistenceTests",
            [
                "Persistence", "Orchestrator", "Transport", "FakeVendors", "PostgresTestServer", "S3TestServer",
                "TestProcesses", "Randomness",
            ]
        ),
        tests("SimulationTests", ["Persistence", "Orchestrator", "Randomness"]),
        tests("ImagingTests", ["Imaging", "Orchestrator"]),
        tests("CommandLineInterfaceTests", ["CommandLineInterface"]),
        tests(
            "ControlClientTests",
            ["ControlClient", "CommandLineInterface", "Imaging", "FakeVendors", "Orchestrator"]
        ),
        tests(
            "DaemonTests",
            ["Daemon", "CommandLineInterface", "Transport", "Persistence", "Orchestrator", "CLLHTTP", "CSystem"]
        ),
        tests("ConfigurationTests", ["Configuration", "Providers", "Orchestrator", "Randomness"]),
    ]
)

// The fuzzer needs libFuzzer and its instrumentation, which `scripts/fuzz` asks for: see there.
if Context.environment["FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "fuzz",
            dependencies: ["Fuzzing"],
            path: "Tests/FuzzDriver",
            swiftSettings: strict + [.enableExperimentalFeature("Extern")]
        )
    )
}
