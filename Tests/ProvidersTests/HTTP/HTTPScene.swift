import Orchestrator
import Testing

@testable import Providers

/// Declarations as tests write them: JSON in the place of YAML.
enum HTTPScene {
    /// A provider with one model `m` that generates and edits, `api` laid over the least that can be declared.
    static func adapter(_ api: JSON, model: JSON = [:]) throws -> HTTPAdapter {
        try HTTPAdapter(node(api, model: model))
    }

    static func node(_ api: JSON, model: JSON = [:]) -> ConfigNode {
        let least: JSON = [
            "request": ["path": "/make", "json": ["prompt": "{prompt}", "picture": "{image.base64}"]],
            "result": ["items": "/data/*"],
        ]
        let entry: JSON = ["operations": ["generate", "edit"]]
        return Sample.node([
            "base_url": "https://api.example.com/v1", "api": least, "models": ["m": entry],
        ]).overlaid(by: ConfigNode(["api": api, "models": ["m": model]], path: "providers.it"))
    }

    /// The call for a request.
    static func wire(
        _ api: JSON,
        model: JSON = [:],
        _ operation: Orchestrator.Operation = .generate,
        _ change: (inout ProviderRequest) -> Void = { _ in }
    ) throws -> WireRequest {
        let adapter = try adapter(api, model: model)
        let request = Sample.request("m", operation, change)
        let uploads = Dictionary(
            uniqueKeysWithValues: adapter.uploads(for: request).map { ($0.digest, "up-\($0.digest)") }
        )
        return try adapter.encode(.create(request, uploads: uploads))
    }

    /// The body for a request, by a template for `json`.
    static func body(_ template: JSON, _ change: (inout ProviderRequest) -> Void = { _ in }) throws -> String {
        // A model that edits has to send a picture somewhere.
        let api: JSON = [
            "request": [
                "headers": ["x-width": "{image.width}"], "json": ["t": template, "prompt": nil, "picture": nil],
            ]
        ]
        return try wire(api, .edit, change).jsonText
    }
}
