import Orchestrator
import Transport

/// `/v1/auth/device`: sign-in of devices without a browser (RFC 8628), and what the page `/device` asks.
enum DeviceRoutes {
    static let all: [Route] = [
        Route(.post, "/v1/auth/device/code", .anyone, "Begin to sign a device in", repeats: .byRoute) {
            exchange throws(APIError) in try await answering(exchange, begin)
        },
        Route(.post, "/v1/auth/device/token", .anyone, "Ask for the key of a device", repeats: .byRoute) {
            exchange throws(APIError) in try await answering(exchange, poll)
        },
        Route(.get, "/v1/auth/device/{device_code}/status", .anyone, "How far a device's sign-in is") {
            exchange throws(APIError) in try await status(exchange)
        },
        Route(.get, "/v1/auth/device", .session, "Which device waits under a user code") {
            exchange throws(APIError) in try await waiting(exchange)
        },
        Route(.post, "/v1/auth/device/approve", .session, "Let a device in, or turn it away") {
            exchange throws(APIError) in try await decide(exchange)
        },
    ]

    private static let bodyLimit = 16 << 10
    private static let nameLimit = 100

    // MARK: - The device's part

    /// Runs `body`; what is wrong with the request is said in the words of the RFC, which clients of it read.
    private static func answering(
        _ exchange: Exchange,
        _ body: (Exchange) async throws(APIError) -> HTTPResponse
    ) async throws(APIError) -> HTTPResponse {
        do throws(APIError) {
            return try await body(exchange)
        } catch {
            guard error.status == 400 || error.status == 415 else { throw error }
            return OAuthAnswer.error("invalid_request", error.message)
        }
    }

    private static func begin(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let fields = try await exchange.fields(atMost: bodyLimit)
        let clientID = try word("client_id", fields)
        let clientType = try word("client_type", fields)
        guard let name = clientID ?? clientType else { throw .missingField("client_id") }
        let start = try await exchange.service.devices.begin(
            clientID: clientID,
            name: name,
            provider: try provider(fields, exchange.service.registry.auth),
            from: exchange.clientAddress
        )
        let page = exchange.service.links.publicURL + "/device"
        var query = [(name: "user_code", value: start.grant.userCode)]
        if let provider = start.grant.provider { query.append((name: "provider", value: provider)) }
        return OAuthAnswer.ok([
            "device_code": .string(start.deviceCode), "user_code": .string(start.grant.userCode),
            "verification_uri": .string(page),
            "verification_uri_complete": .string(page + "?" + PercentEncoding.form(query)),
            "expires_in": .integer(DeviceFlow.age.milliseconds / 1000), "interval": .integer(start.grant.interval),
        ])
    }

    /// The way to sign in that the client prefers; nil for an account of ours.
    private static func provider(_ fields: FieldReader, _ settings: AuthSettings) throws(APIError) -> String? {
        guard let name = try word("provider", fields), name != "local" else { return nil }
        guard let provider = IdentityProviderName(rawValue: name) else {
            let all = (["local"] + IdentityProviderName.allCases.map(\.rawValue)).joined(separator: ", ")
            throw .invalidValue("provider", "'\(name)' is none of \(all)")
        }
        guard settings.isSet(provider) else { throw .invalidValue("provider", provider.absence) }
        return name
    }

    /// A name that people will read on a page: short, in one line.
    private static func word(_ name: String, _ fields: FieldReader) throws(APIError) -> String? {
        guard let text = try fields.string(name, atMost: nameLimit), !text.isEmpty else { return nil }
        guard text.unicodeScalars.allSatisfy({ $0.properties.isGraphic || $0 == " " }) else {
            throw .invalidValue(name, "must be plain text in one line")
        }
        return text
    }

    private static let grantType = "urn:ietf:params:oauth:grant-type:device_code"

    private static func poll(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let fields = try await exchange.fields(atMost: bodyLimit)
        if let type = try fields.string("grant_type"), type != grantType {
            return OAuthAnswer.error("unsupported_grant_type", "the grant type must be \(grantType)")
        }
        guard let code = try fields.string("device_code"), !code.isEmpty else { throw .missingField("device_code") }
        let service = exchange.service
        switch try await service.devices.poll(deviceCode: code, clientID: try word("client_id", fields)) {
        case .pending: return OAuthAnswer.error("authorization_pending", "nobody has confirmed the code yet")
        case .slowDown: return OAuthAnswer.error("slow_down", "wait five seconds longer between two polls from now on")
        case .denied: return OAuthAnswer.error("access_denied", "the sign-in was refused")
        case .expired: return OAuthAnswer.error("expired_token", "the code is too old: begin again")
        case .invalid:
            return OAuthAnswer.error(
                "invalid_grant",
                "the device code is wrong, was used, or belongs to another client"
            )
        case .anonymous: throw .missingField("client_id")
        case .key(let text, let user, let record):
            await exchange.audit("key.create", record.id.text, by: user, ["key": .object(KeyAnswer.body(of: record))])
            return OAuthAnswer.ok([
                "access_token": .string(text), "token_type": "Bearer", "api_key": .string(text),
                "user_id": .string(user.text),
            ])
        }
    }

    private static func status(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let grant = try await exchange.service.devices.grant(deviceCode: exchange.parameters[0])
        guard let grant else {
            let message = "no device was given this code"
            var body = APIError.notFound(message).body.object ?? [:]
            (body["status"], body["message"], body["user_code"]) = ("invalid", .string(message), .null)
            return .json(.object(body), status: 404, headers: OAuthAnswer.unstored)
        }
        let (word, message) = DeviceAnswer.state(of: grant, now: exchange.service.time.now())
        return .json(
            ["status": .string(word), "message": .string(message), "user_code": .string(grant.userCode)],
            headers: OAuthAnswer.unstored
        )
    }

    // MARK: - The person's part

    private static func waiting(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        guard let code = QueryReader(exchange.request).text("user_code") else { throw .missingField("user_code") }
        let grant = try await exchange.service.devices.waiting(
            code,
            for: exchange.requireCaller().user.id,
            from: exchange.clientAddress
        )
        return .json(
            .object(DeviceAnswer.body(of: grant, now: exchange.service.time.now())),
            headers: OAuthAnswer.unstored
        )
    }

    private static func decide(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let (caller, service) = (try exchange.requireCaller(), exchange.service)
        let fields = try await exchange.fields(atMost: bodyLimit)
        guard let code = try fields.string("user_code", atMost: 1000) else { throw .missingField("user_code") }
        guard let isApproved = try fields.bool("approve") else { throw .missingField("approve") }
        let grant = try await service.devices.decide(
            code,
            isApproved: isApproved,
            by: caller.user.id,
            from: exchange.clientAddress
        )
        await exchange.audit(
            isApproved ? "device.approve" : "device.deny",
            grant.name,
            ["user_code": .string(grant.userCode), "address": .string(grant.address)]
        )
        return .json(.object(DeviceAnswer.body(of: grant, now: service.time.now())), headers: OAuthAnswer.unstored)
    }
}

extension Unicode.Scalar.Properties {
    /// Whether it shows, and leaves the order of what is around it as it is.
    fileprivate var isGraphic: Bool {
        switch generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}

/// A device as answers show it: by what a person can tell whether it is theirs.
enum DeviceAnswer {
    static func body(of grant: DeviceGrant, now: Timestamp) -> JSONObject {
        [
            "object": "device", "user_code": .string(grant.userCode),
            "status": .string(state(of: grant, now: now).word),
            "client": .string(grant.name), "provider": .text(grant.provider), "address": .string(grant.address),
            "created": .text(grant.created), "expires_at": .text(grant.expires),
        ]
    }

    /// How far it is, in one word and in a sentence.
    static func state(of grant: DeviceGrant, now: Timestamp) -> (word: String, message: String) {
        switch grant.state {
        case .redeemed: ("completed", "the device is signed in")
        case _ where grant.expires <= now: ("expired", "the code is too old: begin again")
        case .approved: ("completed", "the code is confirmed; the device may fetch its key")
        case .denied: ("denied", "the sign-in was refused")
        case .pending: ("pending", "the code waits to be confirmed")
        }
    }
}
