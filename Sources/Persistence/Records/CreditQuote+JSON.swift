internal import Orchestrator

extension CreditQuote {
    /// The form kept in the record.
    var json: JSON {
        var object: JSONObject = ["credit_micro_usd": JSON(credit.micros), "free_per_day": JSON(freePerDay)]
        switch basis {
        case .flat(let prices, let markup):
            let tiers = prices.sorted { $0.key < $1.key }
            object["flat"] = .object(JSONObject(tiers.map { ($0.key.rawValue, JSON($0.value.micros)) }))
            object["markup_millionths"] = JSON(markup)
        case .metered(let markup): object["markup_millionths"] = JSON(markup)
        }
        return .object(object)
    }

    init?(_ json: JSON) {
        guard let credit = json["credit_micro_usd"]?.number?.int64, let freePerDay = json["free_per_day"]?.int,
            let markup = json["markup_millionths"]?.number?.int64
        else { return nil }
        var basis = Basis.metered(markupMillionths: markup)
        if let flat = json["flat"] {
            guard let flat = flat.object else { return nil }
            var prices: [Tier: MicroUSD] = [:]
            for name in flat.keys {
                guard let tier = Tier(rawValue: name), let price = flat[name]?.number?.int64 else { return nil }
                prices[tier] = MicroUSD(micros: price)
            }
            basis = .flat(prices, markupMillionths: markup)
        }
        self.init(credit: MicroUSD(micros: credit), basis: basis, freePerDay: freePerDay)
    }
}
