/// Gives what is given without money, and takes back what has run out.
///
/// Any number of daemons may do this on one record.
package final class GrantKeeper: Sendable {
    private let store: any GrantStore & Sendable
    private let time: any TimeSource
    private let log: any EventLog
    /// The same for the same person, whatever becomes of the account: a hash of the address.
    private let identity: @Sendable (_ email: String) -> String
    /// Nil: no credits are in use.
    private let settings: @Sendable () -> BillingSettings?
    /// Told of each transfer that was made.
    private let moved: @Sendable () -> Void

    private static let pace = Duration.seconds(1)
    private static let batch = 100
    /// Accounts older than this are not new any more, should a welcome be set later.
    static let newness = Duration.seconds(86_400)
    /// What jobs hold of a grant that has run out goes when they give it back.
    private static let heldPause = Duration.seconds(60)
    private static let tries = 16

    package init(
        store: any GrantStore & Sendable,
        time: any TimeSource,
        log: any EventLog,
        identity: @escaping @Sendable (String) -> String,
        settings: @escaping @Sendable () -> BillingSettings?,
        moved: @escaping @Sendable () -> Void
    ) {
        self.store = store
        self.time = time
        self.log = log
        self.identity = identity
        self.settings = settings
        self.moved = moved
    }

    /// Keeps at it until the task is cancelled.
    package func run() async {
        while (try? await time.sleep(for: Self.pace)) != nil {
            guard let settings = settings() else { continue }
            do throws(StoreError) {
                try await expireDue()
                try await give(settings)
            } catch {
                log.log(.warning, "grants wait", [("why", "\(error)")])
            }
        }
    }

    /// Takes back what has run out by now.
    func expireDue() async throws(StoreError) {
        let now = time.now()
        for grant in try await store.dueGrants(now: now, limit: Self.batch) {
            for _ in 0..<Self.tries {
                let lots = try await store.creditLots(of: grant.user)
                let (left, held) = (lots.left(of: grant.id), lots.held(of: grant.id))
                let transfer = left > .zero ? grant.expiry(of: left, lines: lots.lines, at: now) : nil
                let next = held > .zero ? now + Self.heldPause : nil
                if try await store.expire(grant, transfer: transfer, lines: lots.lines, next: next) {
                    if transfer != nil { moved() }
                    break
                }
            }
        }
    }

    /// Gives what somebody is still to get.
    func give(_ settings: BillingSettings) async throws(StoreError) {
        let now = time.now()
        if let terms = settings.welcome {
            let since = now + (.zero - Self.newness)
            try await give(.welcome, "", since: since, buyersOnly: false) { user in
                let expires = terms.expires.map { now + $0 }
                return ("gift:welcome:" + identity(user.email), settings.worth(terms.credits), expires)
            }
        }
        if let terms = settings.monthly {
            let (year, month, _) = now.day.civil
            let period = "\(year)-\(month < 10 ? "0" : "")\(month)"
            let end = Day(year: month == 12 ? year + 1 : year, month: month == 12 ? 1 : month + 1, day: 1).start
            try await give(.monthly, period, since: Timestamp(milliseconds: 0), buyersOnly: terms.buyersOnly) { user in
                let expires = terms.rollsOver ? nil : end
                return ("gift:monthly:\(period):\(user.id.text)", settings.worth(terms.credits), expires)
            }
        }
    }

    private func give(
        _ kind: CreditGrant.Kind,
        _ period: String,
        since: Timestamp,
        buyersOnly: Bool,
        _ terms: (UserRecord) -> (id: String, amount: MicroUSD, expires: Timestamp?)
    ) async throws(StoreError) {
        let users = try await store.usersWithoutGrant(
            kind,
            period: period,
            since: since,
            buyersOnly: buyersOnly,
            limit: Self.batch
        )
        for user in users {
            let (id, amount, expires) = terms(user)
            let grant = CreditGrant(
                user: user.id,
                kind: kind,
                period: period,
                id: id,
                amount: amount,
                granted: time.now(),
                expires: expires
            )
            guard try await store.give(grant) else { continue }
            moved()
            log.log(.info, "credits were given", [("kind", kind.rawValue), ("user.id", user.id.text)])
        }
    }
}
