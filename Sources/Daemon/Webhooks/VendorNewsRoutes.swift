import Orchestrator
import Transport

/// `/v1/webhooks`: what image vendors tell of work that has ended, proved by their signatures alone.
///
/// The news wakes who waits for that work, and they ask the vendor: nothing of its body is kept or believed. News that nobody
/// waits for, here or any more, is taken and dropped.
enum VendorNewsRoutes {
    static let all: [Route] = [
        Route(
            .post,
            path(of: "replicate"),
            .anyone,
            "Replicate's news of finished predictions, by their signature",
            repeats: .byRoute
        ) { exchange throws(APIError) in try await take(exchange, kind: "replicate") }
    ]

    /// A prediction has a few kilobytes, and those whose pictures are in it some hundreds. What is larger is refused and
    /// found out by asking.
    private static let largestBody = 4 << 20

    /// Where a provider is to send its news; nil where it has no secret to sign with, or could not call here.
    static func address(for provider: Provider, _ server: ServerSettings, publicURL: String) -> String? {
        guard provider.webhookSecret != nil else { return nil }
        // Vendors call nothing but https from outside; stand-ins on an inner network may.
        guard publicURL.hasPrefix("https://") || server.allowPrivateURLs else { return nil }
        return publicURL + path(of: provider.kind)
    }

    private static func path(of kind: String) -> String { "/v1/webhooks/\(kind)" }

    private static func take(_ exchange: Exchange, kind: String) async throws(APIError) -> HTTPResponse {
        let service = exchange.service
        let providers = service.registry.providers.compactMap { provider in
            provider.webhookSecret.flatMap { WebhookSecret($0.reveal()) }.map { (provider, $0) }
        }.filter { $0.0.kind == kind }
        guard !providers.isEmpty else { throw .notFound("news of \(kind) is not set up here") }
        let headers = exchange.request.headers
        // Before the body, so that nobody has megabytes kept who does not even claim a signature of this time.
        guard let signature = signature(headers, now: service.time.now()) else { throw unsigned }
        let body = try await exchange.bytes(atMost: largestBody)
        let signers = providers.filter { signature.isValid(of: body, secret: $0.1) }.map(\.0)
        guard !signers.isEmpty else { throw unsigned }
        let news: JSON
        do throws(JSONError) {
            news = try JSON(parsing: body)
        } catch {
            throw .invalidJSON("\(error)")
        }
        for provider in signers {
            guard let announcing = type(of: provider.adapter) as? any AnnouncingAdapter.Type,
                let id = announcing.work(in: news)
            else { continue }
            service.engine.news.arrived(about: id, from: provider.id)
        }
        return .json(["received": true])
    }

    /// Each of the three headers once.
    private static func signature(_ headers: HTTPHeaders, now: Timestamp) -> WebhookSignature? {
        let values = ["webhook-id", "webhook-timestamp", "webhook-signature"].map { headers.all(named: $0) }
        guard values.allSatisfy({ $0.count == 1 }) else { return nil }
        return WebhookSignature(id: values[0][0], timestamp: values[1][0], signature: values[2][0], now: now)
    }

    private static var unsigned: APIError {
        .invalidValue("webhook-signature", "the signature is missing, wrong or not of this time")
    }
}
