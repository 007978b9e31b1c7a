internal import Orchestrator

/// The counters of spend by day and subject: always the sums of the attempts' costs, changed with them.
extension Connection {
    func count(_ tally: SpendTally) throws(DatabaseError) {
        // Row by row: for several rows in one statement SQLite would build a table each time.
        for (place, amount) in tally.differences {
            try statement("UPDATE spend_counters SET micro_usd = micro_usd + ? WHERE day = ? AND subject = ?")
                .bind(amount).bind(place.day).bind(place.subject.text).run()
            if changes == 1 { continue }
            try statement("INSERT INTO spend_counters (day, subject, micro_usd) VALUES (?, ?, ?)")
                .bind(place.day).bind(place.subject.text).bind(amount).run()
        }
    }

    /// The first cap that a tally would pass. One thread writes, so what is read here holds until the tally is counted.
    func capPassed(by tally: SpendTally, of caps: [SpendCap]) throws(DatabaseError) -> SpendSubject? {
        for cap in caps {
            for (place, change) in tally.places(under: cap) {
                let spent = try statement("SELECT micro_usd FROM spend_counters WHERE day = ? AND subject = ?")
                    .bind(place.day).bind(place.subject.text).first { $0.money(0) }
                if (spent ?? .zero) + change > cap.limit { return cap.subject }
            }
        }
        return nil
    }

    func spent(on day: Day) throws(DatabaseError) -> [SpendSubject: MicroUSD] {
        var spent: [SpendSubject: MicroUSD] = [:]
        let statement = try statement(
            "SELECT subject, micro_usd FROM spend_counters WHERE day = ? AND micro_usd <> 0"
        )
        try statement.bind(day).forEach { row throws(DatabaseError) in
            // A key's id that no version made, as tests have them, is no subject that anybody can ask for.
            if let subject = SpendSubject(text: row.text(0)) { spent[subject] = row.money(1) }
        }
        return spent
    }
}
