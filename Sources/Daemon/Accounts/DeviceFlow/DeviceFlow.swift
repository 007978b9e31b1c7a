import Orchestrator
import Persistence

/// Lets devices without a browser in: each shows a code, which somebody who is signed in confirms elsewhere (RFC 8628).
final class DeviceFlow: RecordReader, Sendable {
    /// What a device is told when it begins.
    struct Start: Sendable {
        /// For the device alone; only its hash is kept.
        var deviceCode: String
        var grant: DeviceGrant
    }

    /// What a device that asks is told.
    enum Answer: Sendable {
        case key(String, of: UserID, record: KeyRecord)
        case pending, slowDown, denied, expired, invalid, anonymous
    }

    /// How long a code is good.
    static let age = Duration.seconds(900)
    private static let interval = 5
    /// 256 bits, so that no device code is ever guessed.
    private static let codeBytes = 32
    /// User codes are few enough to meet by chance.
    private static let draws = 4
    /// Others may poll or decide between a look and the change that follows it.
    private static let looks = 4

    let store: any DeviceGrantStore & Sendable
    private let time: any TimeSource
    private let throttle = Lock(UserCodeThrottle())

    init(store: any DeviceGrantStore & Sendable, time: any TimeSource) {
        self.store = store
        self.time = time
    }

    /// Begins for a client at an address.
    func begin(
        clientID: String?,
        name: String,
        provider: String?,
        from address: String
    ) async throws(APIError) -> Start {
        let holder = AddressBlock.holder(of: address)
        if let wait = throttle.withLock({ $0.begin(address: holder, at: time.monotonic()) }) {
            throw .tooManyAttempts("too many devices from this address", wait)
        }
        let (code, now) = (Hex.text(SecureRandom().bytes(Self.codeBytes)), time.now())
        var draw = 1
        while true {
            let grant = DeviceGrant(
                codeHash: SHA256.hex(of: code),
                userCode: UserCode.make(),
                clientID: clientID,
                name: name,
                provider: provider,
                address: address,
                created: now,
                expires: now + Self.age,
                interval: Self.interval
            )
            do throws(StoreError) {
                try await store.addDeviceGrant(grant)
                return Start(deviceCode: code, grant: grant)
            } catch {
                guard case .conflict = error, draw < Self.draws else { throw .record(error, "begin a device") }
                draw += 1
            }
        }
    }

    /// The key of a device, once somebody has let it in, and only once.
    func poll(deviceCode: String, clientID: String?) async throws(APIError) -> Answer {
        for _ in 0..<Self.looks {
            guard let grant = try await grant(deviceCode: deviceCode) else { return .invalid }
            let now = time.now()
            switch DevicePoll(grant, clientID: clientID, now: now) {
            case .denied: return .denied
            case .expired: return .expired
            case .invalid: return .invalid
            case .anonymous: return .anonymous
            case .pending(let interval):
                if try await note(grant, now, interval) { return .pending }
            case .slowDown(let interval):
                if try await note(grant, now, interval) { return .slowDown }
            case .letIn(let user):
                let name = "device: " + grant.name
                let (text, record) = NewKey.make(owner: user, name: name, time: time)
                let isRedeemed = try await reading { store throws(StoreError) in
                    try await store.redeemDevice(codeHash: grant.codeHash, for: record, now: now)
                }
                if isRedeemed { return .key(text, of: user, record: record) }
            }
        }
        // Whoever polls so often at once that others are always faster polls too often.
        return .slowDown
    }

    private func note(_ grant: DeviceGrant, _ now: Timestamp, _ interval: Int) async throws(APIError) -> Bool {
        try await reading { store throws(StoreError) in
            try await store.notePoll(of: grant, at: now, interval: interval)
        }
    }

    /// What is on record of a device; nil for a code that nobody was given.
    func grant(deviceCode: String) async throws(APIError) -> DeviceGrant? {
        let hash = SHA256.hex(of: deviceCode)
        return try await reading { store throws(StoreError) in try await store.deviceGrant(codeHash: hash) }
    }

    /// The device that waits under a user code, for somebody who is to decide on it. Throws 404 for a wrong code, and 429
    /// after too many of them.
    func waiting(_ code: String, for user: UserID, from address: String) async throws(APIError) -> DeviceGrant {
        try await guess(by: user, from: address) { () async throws(APIError) -> DeviceGrant? in
            guard let code = UserCode.read(code) else { return nil }
            let found = try await reading { store throws(StoreError) in try await store.deviceGrant(userCode: code) }
            guard let found, found.state == .pending, found.expires > time.now() else { return nil }
            return found
        }
    }

    /// Lets the device in as `user`, or turns it away. Throws as `waiting` does.
    func decide(
        _ code: String,
        isApproved: Bool,
        by user: UserID,
        from address: String
    ) async throws(APIError) -> DeviceGrant {
        try await guess(by: user, from: address) { () async throws(APIError) -> DeviceGrant? in
            guard let code = UserCode.read(code) else { return nil }
            return try await reading { store throws(StoreError) in
                let isDecided = try await store.decideDevice(
                    userCode: code,
                    by: user,
                    isApproved: isApproved,
                    now: time.now()
                )
                return isDecided ? try await store.deviceGrant(userCode: code) : nil
            }
        }
    }

    private func guess(
        by user: UserID,
        from address: String,
        _ body: () async throws(APIError) -> DeviceGrant?
    ) async throws(APIError) -> DeviceGrant {
        let (holder, now) = (AddressBlock.holder(of: address), time.monotonic())
        if let wait = throttle.withLock({ $0.guess(by: user, address: holder, at: now) }) {
            throw .tooManyAttempts("too many wrong codes", wait)
        }
        guard let found = try await body() else {
            throw .notFound("no device waits under this code: it is wrong, too old, or was decided on already")
        }
        throttle.withLock { $0.wasRight(by: user, address: holder) }
        return found
    }
}
