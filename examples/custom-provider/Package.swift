// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "custom-provider",
    dependencies: [.package(name: "Orchestrator", path: "../..")],
    targets: [
        .executableTarget(
            name: "custom-provider",
            dependencies: [
                .product(name: "Orchestrator", package: "Orchestrator"),
                .product(name: "Providers", package: "Orchestrator"),
                .product(name: "Daemon", package: "Orchestrator"),
            ],
            swiftSettings: [.swiftLanguageMode(.v6)]
        )
    ]
)
