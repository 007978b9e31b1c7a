/// What has been spent at each provider and in all on one UTC day, reservations included, so that a cap is never passed.
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

    /// Over all providers.
    package func total(on today: Day) -> MicroUSD {
        today > day ? .zero : spent.values.reduce(.zero, +)
    }

    /// Adds `amount` if both caps allow; a new day begins from nothing.
    package mutating func reserve(
        _ amount: MicroUSD,
        of provider: String,
        cap: MicroUSD?,
        capOfAll: MicroUSD,
        on today: Day
    ) -> SpendObstacle? {
        if today > day {
            day = today
            spent = [:]
        }
        let total = (spent[provider] ?? .zero) + amount
        if let cap, total > cap { return .provider }
        guard self.total(on: today) + amount <= capOfAll else { return .everything }
        spent[provider] = total
        return nil
    }

    /// Replaces a reservation of `reservedOn` by its true cost; one of a past day no longer matters.
    package mutating func settle(_ reserved: MicroUSD, as cost: MicroUSD, of provider: String, on reservedOn: Day) {
        guard reservedOn >= day, let total = spent[provider] else { return }
        spent[provider] = max(total - reserved + cost, .zero)
    }
}

/// Which cap an amount would pass.
package enum SpendObstacle: Sendable, Hashable {
    /// That of one provider: another may still serve.
    case provider
    /// That of the day: nobody may.
    case everything
}
