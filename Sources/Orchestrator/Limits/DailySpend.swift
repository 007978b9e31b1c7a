/// What has been spent at each provider on one UTC day, reservations included, so that a cap is never passed.
package struct DailySpend: Sendable {
    private var day: Day
    private var spent: [String: MicroUSD]

    package init(day: Day = Day(number: 0), spent: [String: MicroUSD] = [:]) {
        self.day = day
        self.spent = spent
    }

    package func total(of provider: String, on today: Day) -> MicroUSD {
        today > day ? .zero : spent[provider] ?? .zero
    }

    /// Adds `amount` if the cap allows; a new day begins from nothing.
    package mutating func reserve(_ amount: MicroUSD, of provider: String, cap: MicroUSD?, on today: Day) -> Bool {
        if today > day {
            day = today
            spent = [:]
        }
        let total = (spent[provider] ?? .zero) + amount
        if let cap, total > cap { return false }
        spent[provider] = total
        return true
    }

    /// Replaces a reservation of `reservedOn` by its true cost; one of a past day no longer matters.
    package mutating func settle(_ reserved: MicroUSD, as cost: MicroUSD, of provider: String, on reservedOn: Day) {
        guard reservedOn >= day, let total = spent[provider] else { return }
        spent[provider] = max(total - reserved + cost, .zero)
    }
}
