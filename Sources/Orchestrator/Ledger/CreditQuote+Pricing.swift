extension CreditQuote {
    /// The price list in force; nil where nobody is charged.
    package init?(_ billing: BillingSettings, mode: DeploymentMode) {
        switch mode {
        case .selfHosted: return nil
        case .official: break
        }
        let basis: Basis =
            switch billing.pricing {
            case .flat:
                .flat(
                    billing.flat.mapValues { Self.worth(Int128($0), of: billing.credit) },
                    markupMillionths: billing.markupMillionths
                )
            case .metered: .metered(markupMillionths: billing.markupMillionths)
            }
        self.init(credit: billing.credit, basis: basis, freePerDay: billing.dailyFree)
    }

    /// What is held of the owner's credits before any vendor is called: the most that the plan's candidates can make the
    /// pictures cost, for every number of free uses that may be had.
    ///
    /// Free uses are wanted only where every candidate makes pictures of their tier.
    package func claim(for plan: Plan) -> CreditClaim {
        let tiers = plan.candidates.map(\.offer.tier)
        let isFree = !tiers.isEmpty && tiers.allSatisfy { $0 == Self.freeTier }
        let wanted = isFree ? min(plan.request.count, freePerDay) : 0
        let flat = tiers.compactMap(flatPrice).max()
        let metered = plan.candidates.filter { flatPrice(of: $0.offer.tier) == nil }
            .map { $0.worstPictureCost(of: plan.request) }.max()
        let holds = (0...wanted).map { most(for: plan.request.count - $0, flat: flat, metered: metered) }
        return CreditClaim(holds: holds, freePerDay: freePerDay, credit: credit)
    }

    /// What a job that has ended is charged: its delivered pictures by this list, at most what was held for it.
    ///
    /// Free uses pay for the first pictures of their tier; a job that did not succeed is charged nothing.
    package func settlement(of job: JobRecord) -> (charge: MicroUSD, freeUsed: Int) {
        guard job.status == .succeeded else { return (.zero, 0) }
        var (freeUsed, flat, metered, paid) = (0, Int128(0), Int128(0), 0)
        for image in job.images {
            if image.tier == Self.freeTier, freeUsed < job.credits.freeReserved {
                freeUsed += 1
                continue
            }
            paid += 1
            if let price = flatPrice(of: image.tier) {
                flat += Int128(price.micros)
            } else {
                metered += Int128(image.cost.micros)
            }
        }
        let charge = total(pictures: paid, flat: flat, metered: metered)
        let hold = Self.worth(Int128(job.credits.reserved), of: credit)
        return (min(charge, hold), freeUsed)
    }

    /// An amount in whole credits, a part of one counting as one.
    package func credits(roundingUp amount: MicroUSD) -> Int { Int(Self.credits(Int128(amount.micros), of: credit)) }

    /// An amount in whole credits, without a part of one.
    package func credits(_ amount: MicroUSD) -> Int { Int(amount.micros / credit.micros) }

    /// What so many credits are worth; nil beyond what money may come to in one transfer.
    package func worth(_ credits: Int) -> MicroUSD? {
        guard let worth = credit.multiplied(by: credits), worth.micros.magnitude <= MicroUSD.largestReadable.magnitude
        else { return nil }
        return worth
    }
}

// MARK: - Sums

extension CreditQuote {
    /// More than any account can have: what a price beyond all bounds comes to, so that it is refused and not wrapped round.
    static let beyondReach: Int128 = 1_000_000_000_000_000_000

    private var markup: Int64 {
        switch basis {
        case .flat(_, let markupMillionths), .metered(let markupMillionths): markupMillionths
        }
    }

    private func flatPrice(of tier: Tier) -> MicroUSD? {
        switch basis {
        case .flat(let prices, _): prices[tier]
        case .metered: nil
        }
    }

    /// The most that so many pictures cost, each at the dearest flat price or each at the dearest metered cost.
    ///
    /// No mixture is dearer than both: it lies between them, and is rounded up once as they are.
    private func most(for pictures: Int, flat: MicroUSD?, metered: MicroUSD?) -> MicroUSD {
        let count = Int128(pictures)
        return max(
            total(pictures: pictures, flat: count * Int128(flat?.micros ?? 0), metered: 0),
            total(pictures: pictures, flat: 0, metered: count * Int128(metered?.micros ?? 0))
        )
    }

    /// The price of pictures that come to so much by the list, and of others that cost us so much; whole credits.
    private func total(pictures: Int, flat: Int128, metered: Int128) -> MicroUSD {
        guard pictures > 0 else { return .zero }
        let (product, overflow) = metered.multipliedReportingOverflow(by: Int128(markup))
        let dollars = overflow ? Self.beyondReach : (product + 999_999) / 1_000_000
        return Self.worth(max(Self.credits(flat + dollars, of: credit), 1), of: credit)
    }

    /// Rounded up.
    private static func credits(_ micros: Int128, of credit: MicroUSD) -> Int128 {
        (min(micros, beyondReach) + Int128(credit.micros) - 1) / Int128(credit.micros)
    }

    private static func worth(_ credits: Int128, of credit: MicroUSD) -> MicroUSD {
        MicroUSD(micros: Int64(min(credits, beyondReach / Int128(credit.micros)) * Int128(credit.micros)))
    }
}

extension Candidate {
    /// The most that one of the request's pictures can be billed, alone or as its share of a call for several.
    fileprivate func worstPictureCost(of request: ImageRequest) -> MicroUSD {
        let largest = calls(for: 0..<request.count).first ?? 0..<1
        return [0..<1, largest].map { slots in
            let call = providerRequest(for: request, slots: slots, timeLimit: provider.timeout)
            return MicroUSD(micros: (worstCost(of: call).micros + Int64(slots.count) - 1) / Int64(slots.count))
        }.max() ?? unitPrice
    }
}
