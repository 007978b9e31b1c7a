import Orchestrator
import Transport

/// `/v1/webhooks`: what payment vendors tell, proved by their signatures alone.
enum PaymentWebhookRoutes {
    static let all: [Route] = [
        Route(.post, "/v1/webhooks/stripe", .anyone, "Stripe's events, by their signature", repeats: .byRoute) {
            exchange throws(APIError) in try await stripe(exchange)
        },
        Route(.post, "/v1/webhooks/creem", .anyone, "Creem's events, by their signature", repeats: .byRoute) {
            exchange throws(APIError) in try await creem(exchange)
        },
    ]

    /// An event of Stripe's has a few kilobytes.
    private static let largestBody = 1 << 20

    private static func stripe(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        _ = try exchange.creditQuote()
        guard let settings = exchange.service.registry.billing.stripe else { throw notSetUp(.stripe) }
        let (body, header) = try await signed(exchange, "stripe-signature")
        let now = exchange.service.time.now()
        guard StripeNotice.isSigned(body, header: header, secret: settings.webhookSecret, now: now) else {
            throw unsigned("stripe-signature")
        }
        let event = try event(body)
        return try await take(StripeNotice.read(event), event, of: .stripe, exchange)
    }

    private static func creem(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        _ = try exchange.creditQuote()
        guard let settings = exchange.service.registry.billing.creem else { throw notSetUp(.creem) }
        let (body, header) = try await signed(exchange, "creem-signature")
        guard CreemNotice.isSigned(body, header: header, secret: settings.webhookSecret) else {
            throw unsigned("creem-signature")
        }
        let event = try event(body)
        return try await take(CreemNotice.read(event), event, of: .creem, exchange)
    }

    // MARK: - Pieces

    /// The bytes as they came, which the code is over, and the one header that holds it.
    private static func signed(_ exchange: Exchange, _ header: String) async throws(APIError) -> ([UInt8], String) {
        let headers = exchange.request.headers.all(named: header)
        guard headers.count == 1 else { throw unsigned(header) }
        return (try await exchange.bytes(atMost: largestBody), headers[0])
    }

    private static func event(_ body: [UInt8]) throws(APIError) -> JSON {
        do throws(JSONError) {
            return try JSON(parsing: body)
        } catch {
            throw .invalidJSON("\(error)")
        }
    }

    private static func take(
        _ notice: PaymentNotice,
        _ event: JSON,
        of method: PaymentMethod,
        _ exchange: Exchange
    ) async throws(APIError) -> HTTPResponse {
        do throws(PurchaseFailure) {
            try await exchange.service.desk.take(notice, of: method)
        } catch {
            exchange.service.log.log(
                .error,
                "a payment vendor's event was not booked",
                [("vendor", method.rawValue), ("event.id", event["id"]?.string ?? "-"), ("why", "\(error)")]
            )
            throw APIError(error)
        }
        return .json(["received": true])
    }

    private static func notSetUp(_ method: PaymentMethod) -> APIError {
        .notFound("payment by \(method.rawValue) is not set up here")
    }

    private static func unsigned(_ header: String) -> APIError {
        .invalidValue(header, "the signature is missing, wrong or not of this time")
    }
}
