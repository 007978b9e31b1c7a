import Orchestrator

/// What a new key is to be limited to, as its maker asks.
struct KeyTerms: Sendable {
    var name = "key"
    /// Empty: all that the owner may.
    var scopes: [Scope] = []
    var expires: Timestamp?
    var policy: String?
    var spendPerDay: MicroUSD?
    var rate: Rate?

    init() {}

    /// Reads the fields of a request; `policies` are those in force.
    init(_ fields: FieldReader, policies: Set<String>, now: Timestamp) throws(APIError) {
        if let name = try fields.string("name", atMost: 200) { self.name = name }
        if let words = try fields.strings("scopes") {
            guard !words.isEmpty else {
                throw fields.invalid("scopes", "must name at least one scope, or be left out for all")
            }
            for word in words {
                guard let scope = Scope(rawValue: word) else {
                    let all = Scope.allCases.map(\.rawValue).joined(separator: ", ")
                    throw fields.invalid("scopes", "'\(word.prefix(100))' is none of \(all)")
                }
                if !scopes.contains(scope) { scopes.append(scope) }
            }
        }
        policy = try fields.string("policy", atMost: 100)
        if let policy, !policies.contains(policy) { throw fields.invalid("policy", "no policy is called '\(policy)'") }
        if let text = try fields.string("expires_at", atMost: 40) {
            guard let time = Timestamp(text), time > now else {
                throw fields.invalid("expires_at", "must be an RFC 3339 time in the future")
            }
            expires = time
        }
        if let text = try fields.string("rate", atMost: 40) {
            guard let rate = Rate(text) else { throw fields.invalid("rate", "must be such as '10/min' or '100/hour'") }
            self.rate = rate
        }
        if let amount = try fields.dollars("spend_per_day") {
            guard amount > .zero else { throw fields.invalid("spend_per_day", "must be more than 0") }
            spendPerDay = amount
        }
    }

    /// Holds the terms against the caller who asks for them: a key passes its own limits on, and cannot be a way around
    /// them. Throws 403.
    mutating func limit(to maker: Caller) throws(APIError) {
        guard !scopes.contains(.admin) || maker.user.isAdmin else {
            throw .permissionDenied("the scope '\(Scope.admin.rawValue)' is for administrators")
        }
        guard let key = maker.key else { return }
        if scopes.isEmpty { scopes = key.scopes.compactMap(Scope.init) }
        for scope in scopes { try maker.require(scope) }
        expires = try Self.atMost(key.expires, expires, "expires_at")
        spendPerDay = try Self.atMost(key.spendPerDay, spendPerDay, "spend_per_day")
        guard let bound = key.rate else { return }
        if let rate, !rate.isWithin(bound) { throw Self.excess("rate") }
        rate = rate ?? bound
    }

    private static func atMost<T: Comparable>(_ bound: T?, _ wish: T?, _ name: String) throws(APIError) -> T? {
        guard let bound else { return wish }
        guard let wish else { return bound }
        guard wish <= bound else { throw excess(name) }
        return wish
    }

    private static func excess(_ name: String) -> APIError {
        .permissionDenied("a key cannot make one whose '\(name)' goes beyond its own")
    }

    /// The record of a key under these terms.
    func applied(to record: KeyRecord) -> KeyRecord {
        var key = record
        key.scopes = scopes.map(\.rawValue)
        key.expires = expires
        key.policy = policy
        key.spendPerDay = spendPerDay
        key.rate = rate
        return key
    }
}

extension Rate {
    /// Whether this lets through no more than `bound`, neither at once nor in the long run.
    fileprivate func isWithin(_ bound: Rate) -> Bool {
        count <= bound.count
            && Double(count) / (window / .seconds(1)) <= Double(bound.count) / (bound.window / .seconds(1))
    }

    /// As it is written: `10/min`.
    var text: String {
        switch window {
        case .seconds(1): "\(count)/s"
        case .seconds(60): "\(count)/min"
        case .seconds(3600): "\(count)/hour"
        case .seconds(86_400): "\(count)/day"
        default: "\(count)/\(window.milliseconds)ms"
        }
    }
}
