/// What is left of each gift and each purchase of one account, followed line by line through its statement.
///
/// Gifts that run out are used first, the soonest before the others, then gifts that do not, then what was bought, the
/// oldest first. What a job holds counts as used; what it gives back is put where it came from.
package struct CreditLots: Sendable {
    /// Credits that came together.
    package struct Lot: Sendable, Hashable {
        /// Of the line that brought them: a purchase's id, a grant's.
        package var reference: String
        package var left: MicroUSD
        fileprivate var rank: Rank
    }

    /// Who is used first.
    fileprivate struct Rank: Sendable, Hashable, Comparable {
        /// 0: runs out, 1: given, 2: bought.
        var group: Int
        var expires: Int64
        var number: Int64

        static func < (a: Rank, b: Rank) -> Bool {
            (a.group, a.expires, a.number) < (b.group, b.expires, b.number)
        }
    }

    private struct Held: Sendable {
        var rank: Rank
        var amount: MicroUSD
    }

    /// In the order of use.
    private var lots: [Lot] = []
    /// What jobs hold, by their ids, in the order in which it was taken.
    private var holds: [String: [Held]] = [:]
    private let expiries: [String: Timestamp]
    /// The number of the last line.
    package private(set) var lines: Int64 = 0

    /// `expiries` says when gifts run out, by their references; others do not.
    package init(expiries: [String: Timestamp]) {
        self.expiries = expiries
    }

    /// What is left of what came under a reference.
    package func left(of reference: String) -> MicroUSD {
        lots.reduce(.zero) { $1.reference == reference ? $0 + $1.left : $0 }
    }

    /// What jobs hold of what came under a reference.
    package func held(of reference: String) -> MicroUSD {
        let ranks = Set(lots.filter { $0.reference == reference }.map(\.rank))
        return holds.values.joined().reduce(.zero) { ranks.contains($1.rank) ? $0 + $1.amount : $0 }
    }

    /// Takes the next line.
    package mutating func apply(_ line: LedgerEntry) {
        lines = line.id.number
        switch line.kind {
        case .purchase, .bonus, .grant, .adminAdjustment:
            if line.amount > .zero { add(line) } else { take(line.amount.negated, from: line.reference, hold: nil) }
        case .reserve:
            take(line.amount.negated, from: nil, hold: line.reference ?? "")
        case .refund:
            // Of a job that gives back, or of a purchase whose money went back.
            if line.amount < .zero {
                take(line.amount.negated, from: line.reference, hold: nil)
            } else if let job = line.reference, holds[job] != nil {
                giveBack(line.amount, to: job)
            } else {
                add(line)
            }
        case .release: break
        case .spend:
            if holds.removeValue(forKey: line.reference ?? "") == nil {
                take(line.amount.negated, from: nil, hold: nil)
            }
        }
    }

    private mutating func add(_ line: LedgerEntry) {
        let reference = line.reference ?? ""
        if line.kind == .refund, let index = lots.firstIndex(where: { $0.reference == reference }) {
            lots[index].left += line.amount
            return
        }
        let expires = expiries[reference]
        let group: Int
        switch line.kind {
        case .purchase, .refund: group = 2
        default: group = expires == nil ? 1 : 0
        }
        let rank = Rank(group: group, expires: expires?.milliseconds ?? 0, number: line.id.number)
        let place = lots.firstIndex { rank < $0.rank } ?? lots.endIndex
        lots.insert(Lot(reference: reference, left: line.amount, rank: rank), at: place)
    }

    /// Takes from the lots of a reference first, then from all in their order.
    private mutating func take(_ amount: MicroUSD, from reference: String?, hold: String?) {
        var wanted = amount
        if let reference { wanted = wanted - use(wanted, hold: hold) { $0.reference == reference } }
        _ = use(wanted, hold: hold) { _ in true }
    }

    private mutating func use(_ amount: MicroUSD, hold: String?, _ isMeant: (Lot) -> Bool) -> MicroUSD {
        var used = MicroUSD.zero
        for index in lots.indices where used < amount && lots[index].left > .zero && isMeant(lots[index]) {
            let part = min(lots[index].left, amount - used)
            lots[index].left = lots[index].left - part
            used += part
            if let hold { holds[hold, default: []].append(Held(rank: lots[index].rank, amount: part)) }
        }
        return used
    }

    /// The last that was taken first.
    private mutating func giveBack(_ amount: MicroUSD, to job: String) {
        var rest = amount
        var held = holds[job] ?? []
        while rest > .zero, var last = held.popLast() {
            let part = min(rest, last.amount)
            rest = rest - part
            last.amount = last.amount - part
            if last.amount > .zero { held.append(last) }
            if let index = lots.firstIndex(where: { $0.rank == last.rank }) { lots[index].left += part }
        }
        holds[job] = held.isEmpty ? nil : held
    }
}

extension MicroUSD {
    fileprivate var negated: MicroUSD { .zero - self }
}
