public import Orchestrator

/// The adapter kinds that come with the daemon; `main` hands them on, nothing registers itself.
public enum Builtin {
    /// In the order in which they are shown to people.
    public static let adapters: [any ProviderAdapter.Type] = [
        OpenAIAdapter.self, StabilityAdapter.self, ReplicateAdapter.self, HTTPAdapter.self, SandboxAdapter.self,
    ]
}
