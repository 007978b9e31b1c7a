import Orchestrator

/// The payment vendors that a registry sets up.
struct PaymentVendors: Sendable {
    let upstream: any Upstream
    let time: any TimeSource
    let store: any PurchaseStore & Sendable
    let publicURL: String

    /// Nil where the registry does not set the method up: payment by it is off.
    func gateway(_ method: PaymentMethod, _ registry: Registry) -> (any PaymentGateway)? {
        guard registry.server.mode == .official else { return nil }
        switch method {
        case .stripe:
            guard let settings = registry.billing.stripe else { return nil }
            let client = PaymentClient(upstream: upstream, time: time, credential: settings.secretKey)
            return StripeGateway(settings: settings, client: client, publicURL: publicURL)
        case .creem:
            guard let settings = registry.billing.creem else { return nil }
            let client = PaymentClient(upstream: upstream, time: time, credential: settings.apiKey)
            return CreemGateway(settings: settings, client: client, store: store, publicURL: publicURL)
        }
    }
}

extension BillingSettings {
    /// The methods that are set up, the usual one first.
    var methods: [PaymentMethod] {
        PaymentMethod.allCases.filter { method in
            switch method {
            case .stripe: stripe != nil
            case .creem: creem != nil
            }
        }
    }
}
