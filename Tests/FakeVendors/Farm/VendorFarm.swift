/// The three fake vendors, each behind its own port, and the host of Replicate's output files behind a fourth.
package final class VendorFarm: Sendable {
    package let openAI: FakeOpenAI
    package let stability: FakeStability
    package let replicate: FakeReplicate

    package let openAIServer: LoopbackServer
    package let stabilityServer: LoopbackServer
    package let replicateServer: LoopbackServer
    package let deliveryServer: LoopbackServer

    /// Starts all of them.
    package init(
        openAI: FakeOpenAI = FakeOpenAI(),
        stability: FakeStability = FakeStability(),
        replicate: FakeReplicate = FakeReplicate()
    ) throws {
        self.openAI = openAI
        self.stability = stability
        self.replicate = replicate
        openAIServer = try LoopbackServer { openAI.handle($0, send: $1) }
        stabilityServer = try LoopbackServer { stability.handle($0, send: $1) }
        replicateServer = try LoopbackServer { replicate.handle($0, send: $1) }
        deliveryServer = try LoopbackServer { $1(replicate.delivery.answer($0)) }
        replicate.serve(at: replicateServer.origin + "/v1")
        replicate.delivery.serve(at: deliveryServer.origin)
    }

    deinit { stop() }

    /// Opens all gates, closes all connections and waits for the threads; idempotent.
    package func stop() {
        vendors.forEach { $0.books.openGates() }
        servers.forEach { $0.stop() }
    }

    /// Forgets calls, pictures and scripts.
    package func reset() {
        vendors.forEach { $0.reset() }
    }

    package var vendors: [any FakeVendor] { [openAI, stability, replicate] }

    private var servers: [LoopbackServer] { [openAIServer, stabilityServer, replicateServer, deliveryServer] }

    package var openAIBase: String { openAIServer.origin + "/v1" }
    package var stabilityBase: String { stabilityServer.origin }
    package var replicateBase: String { replicateServer.origin + "/v1" }

    /// The variables that hold the keys.
    package var environment: [String: String] {
        [
            "OPENAI_API_KEY": openAI.key, "STABILITY_API_KEY": stability.key, "REPLICATE_API_TOKEN": replicate.key,
            "REPLICATE_WEBHOOK_SECRET": replicate.webhookSecret,
        ]
    }

    /// What must never show anywhere but at its own vendor.
    package var secrets: [String] { vendors.map(\.key) + [replicate.webhookSecret] }

    /// All calls that ask for pictures.
    package var creates: [Call] { vendors.flatMap(\.creates) }

    /// What the vendors refused as malformed: empty, or an adapter has a fault.
    package var invalid: [Call] { vendors.flatMap(\.invalid) }

    package var chargedMicroUSD: Int { vendors.reduce(0) { $0 + $1.chargedMicroUSD } }

    /// A registry of these vendors.
    package var registry: RegistryText { RegistryText(farm: self) }
}
