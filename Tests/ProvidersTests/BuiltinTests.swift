import Orchestrator
import Testing

@testable import Providers

@Suite struct BuiltinTests {
    @Test func `every kind has a name of its own`() {
        #expect(Set(AdapterKinds(Builtin.adapters).names) == ["openai", "stability", "replicate", "http", "sandbox"])
    }

    private static let models = ["gpt-image-2", "core", "ultra", "black-forest-labs/flux-2-pro", "placeholder", "m"]

    @Test func `no call shows the credential, and equal requests give equal calls`() throws {
        for kind in Builtin.adapters {
            let adapter = try kind.init(kind == HTTPAdapter.self ? HTTPScene.node([:]) : Sample.node())
            for model in Self.models {
                guard let capabilities = adapter.knownCapabilities(of: model) else { continue }
                for operation in capabilities.operations {
                    let request = Sample.request(model, operation) {
                        if operation != .generate { $0.references = [Sample.picture()] }
                        $0.seed = 3
                    }
                    let call = VendorCall.create(request, uploads: [:])
                    let wire = try adapter.encode(call)
                    #expect(!wire.everything.contains("SECRET"))
                    #expect(try adapter.encode(call).everything == wire.everything)
                    if case .json(let document) = wire.body { #expect(wire.body.preview == document) }
                }
            }
        }
    }

    @Test func `a form's preview has the form's fields`() throws {
        let adapter = try StabilityAdapter(Sample.node())
        let request = Sample.request("ultra", .edit) { $0.references = [Sample.picture(bytes: 12)] }
        let preview = try adapter.encode(.create(request, uploads: [:])).body.preview
        #expect(
            preview.text
                == #"{"prompt":"a red fox","strength":"0.65","output_format":"png","image":"<image/png, 12 bytes>"}"#
        )
    }

    @Test func `a handle of another kind is of unknown outcome`() throws {
        let handle = VendorHandle(id: "abc", pollURL: "https://x.example/")
        for kind in Builtin.adapters where kind.kind == "openai" || kind.kind == "sandbox" {
            let adapter = try kind.init(kind == HTTPAdapter.self ? HTTPScene.node([:]) : Sample.node())
            let error = #expect(throws: ProviderFailure.self) { try adapter.encode(.poll(handle)) }
            #expect(error?.kind == .unknown(.crash))
        }
    }
}
