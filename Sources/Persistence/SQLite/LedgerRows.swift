internal import Orchestrator

// MARK: - Accounts

extension Connection {
    private static func account(of user: UserID) -> String { "user:" + user.text }

    func balance(of user: UserID, on day: Day) throws(DatabaseError) -> Balance {
        let account = try statement("SELECT posted_micro_usd, held_micro_usd FROM accounts WHERE id = ?")
            .bind(Connection.account(of: user)).first { (posted: $0.money(0), held: $0.money(1)) }
        let used = try freeUsed(by: user, on: day)
        return Balance(posted: account?.posted ?? .zero, held: account?.held ?? .zero, freeUsed: used)
    }

    func freeUsed(by user: UserID, on day: Day) throws(DatabaseError) -> Int {
        try statement("SELECT used FROM allowance WHERE user_id = ? AND day = ?").bind(user).bind(day)
            .first { Int($0.integer(0)) } ?? 0
    }

    func giveBack(_ freeUses: Int, to user: UserID, on day: Day) throws(DatabaseError) {
        guard freeUses > 0 else { return }
        try statement("UPDATE allowance SET used = used - ? WHERE user_id = ? AND day = ?")
            .bind(freeUses).bind(user).bind(day).run()
    }

    /// What an account has after a change, and how many lines its statement then has.
    private struct AccountState {
        var available: MicroUSD
        var lines: Int64

        init(_ row: borrowing Row) {
            available = row.money(0)
            lines = row.integer(1)
        }
    }

    /// As it is now. Changes on every request's way are read back by this: for `RETURNING` SQLite makes a table each time.
    private func state(of account: String) throws(DatabaseError) -> AccountState {
        let state = try statement("SELECT posted_micro_usd - held_micro_usd, lines FROM accounts WHERE id = ?")
            .bind(account).first(AccountState.init)
        guard let state else { throw .unreadable("the account '\(account)' of a hold is not there") }
        return state
    }

    /// One change of what is available, to be put on a statement.
    private struct Line {
        var kind: LedgerEntry.Kind
        var amount: MicroUSD
        var note = ""
        var reference: String?
        var at: Timestamp
    }

    /// Writes the last lines of a statement, whose account already is as it is after them.
    private func write(_ lines: [Line], to account: String, _ state: AccountState) throws(DatabaseError) {
        var number = state.lines - Int64(lines.count)
        var available = lines.reduce(state.available) { $0 - $1.amount }
        for line in lines {
            number += 1
            available += line.amount
            try statement(
                """
                INSERT INTO statement_lines (account_id, n, kind, amount_micro_usd, available_after_micro_usd, note,
                    reference, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """
            )
            .bind(account).bind(number).bind(word: line.kind).bind(line.amount).bind(available).bind(line.note)
            .bind(line.reference).bind(line.at).run()
        }
    }

    func statementLines(of user: UserID, offset: Int, limit: Int) throws(DatabaseError) -> [LedgerEntry] {
        // Lines are numbered without gaps, so those to skip need not be read.
        try statement(
            """
            SELECT n, kind, amount_micro_usd, available_after_micro_usd, note, reference, at_ms FROM statement_lines
            WHERE account_id = ?1 AND n <= (SELECT lines FROM accounts WHERE id = ?1) - ?2 ORDER BY n DESC LIMIT ?3
            """
        )
        .bind(Connection.account(of: user)).bind(offset).bind(limit)
        .all { row throws(DatabaseError) in try LedgerEntry(row, of: user) }
    }

    func statementLines(of user: UserID, after number: Int64, limit: Int) throws(DatabaseError) -> [LedgerEntry] {
        try statement(
            """
            SELECT n, kind, amount_micro_usd, available_after_micro_usd, note, reference, at_ms FROM statement_lines
            WHERE account_id = ? AND n > ? ORDER BY n LIMIT ?
            """
        )
        .bind(Connection.account(of: user)).bind(number).bind(limit)
        .all { row throws(DatabaseError) in try LedgerEntry(row, of: user) }
    }

    /// How many lines a user's statement has.
    func lineCount(of user: UserID) throws(DatabaseError) -> Int64 {
        try statement("SELECT lines FROM accounts WHERE id = ?").bind(Connection.account(of: user))
            .first { $0.integer(0) } ?? 0
    }
}

// MARK: - Holds

extension Connection {
    private static func hold(of job: JobID) -> String { "hold:" + job.text }

    /// Takes an amount out of what a job's owner has free; false when there is less, and nothing was written.
    func hold(_ amount: MicroUSD, of job: JobRecord, credit: MicroUSD, at now: Timestamp) throws(DatabaseError) -> Bool
    {
        let account = Connection.account(of: job.owner)
        try statement(
            """
            UPDATE accounts SET held_micro_usd = held_micro_usd + ?1, lines = lines + 1
            WHERE id = ?2 AND posted_micro_usd - held_micro_usd >= ?1
            """
        )
        .bind(amount).bind(account).run()
        guard changes == 1 else { return false }
        let state = try state(of: account)
        try statement(
            "INSERT INTO holds (id, account_id, amount_micro_usd, credit_micro_usd, state) VALUES (?, ?, ?, ?, 'open')"
        )
        .bind(Connection.hold(of: job.id)).bind(account).bind(amount).bind(credit).run()
        let line = Line(kind: .reserve, amount: .zero - amount, reference: job.id.text, at: now)
        try write([line], to: account, state)
        return true
    }

    /// What became of a hold.
    struct ResolvedHold {
        /// Whole credits.
        var creditsCharged: Int
    }

    /// Charges what a job holds, as far as that goes, and gives the rest back. Nil: it holds nothing any more.
    func resolveHold(
        of job: JobID,
        charge: MicroUSD,
        at time: Timestamp
    ) throws(DatabaseError) -> ResolvedHold? {
        let transferID = "charge:" + job.text
        let open = try statement(
            "SELECT account_id, amount_micro_usd, credit_micro_usd FROM holds WHERE id = ? AND state = 'open'"
        )
        .bind(Connection.hold(of: job)).first { (account: $0.text(0), amount: $0.money(1), credit: $0.money(2)) }
        guard let hold = open else { return nil }
        try statement("UPDATE holds SET state = ?, transfer_id = ? WHERE id = ? AND state = 'open'")
            .bind(charge > .zero ? "settled" : "released").bind(charge > .zero ? transferID : nil)
            .bind(Connection.hold(of: job)).run()
        let charge = min(max(.zero, charge), hold.amount)
        var lines: [Line] = []
        func add(_ kind: LedgerEntry.Kind, _ amount: MicroUSD) {
            lines.append(Line(kind: kind, amount: amount, reference: job.text, at: time))
        }
        if charge < hold.amount { add(.refund, hold.amount - charge) }
        if charge > .zero {
            add(.release, charge)
            add(.spend, .zero - charge)
        }
        try statement(
            """
            UPDATE accounts SET held_micro_usd = held_micro_usd - ?, posted_micro_usd = posted_micro_usd - ?,
                lines = lines + ?
            WHERE id = ?
            """
        )
        .bind(hold.amount).bind(charge).bind(lines.count).bind(hold.account).run()
        let state = try state(of: hold.account)
        try write(lines, to: hold.account, state)
        if charge > .zero {
            let transfer = TransferRow(
                id: transferID,
                debit: hold.account,
                credit: "house:revenue",
                amount: charge,
                kind: LedgerEntry.Kind.spend.rawValue,
                note: "",
                reference: job.text,
                at: time
            )
            try insert(transfer)
            try post(charge, toHouse: transfer.credit)
        }
        return ResolvedHold(creditsCharged: Int(charge.micros / hold.credit.micros))
    }
}

// MARK: - Transfers

extension Connection {
    func transfer(_ transfer: LedgerTransfer) throws(DatabaseError) -> TransferOutcome {
        guard transfer.amount != .zero else { throw .conflict("transfer '\(transfer.id)' moves nothing") }
        let row = transfer.row(account: Connection.account(of: transfer.user))
        if let known = try transferRow(transfer.id) {
            var same = known
            same.at = row.at
            guard same == row else { return .contradicts }
            return .done(try balance(of: transfer.user, on: transfer.at.day), isRepeat: true)
        }
        let account = Connection.account(of: transfer.user)
        let state: AccountState?
        if transfer.amount > .zero {
            state = try statement(
                """
                INSERT INTO accounts (id, kind, posted_micro_usd, held_micro_usd, lines) VALUES (?, 'tenant', ?, 0, 1)
                ON CONFLICT (id) DO UPDATE
                SET posted_micro_usd = posted_micro_usd + excluded.posted_micro_usd, lines = lines + 1
                RETURNING posted_micro_usd - held_micro_usd, lines
                """
            )
            .bind(account).bind(transfer.amount).returning(AccountState.init)
        } else {
            state = try statement(
                """
                UPDATE accounts SET posted_micro_usd = posted_micro_usd + ?1, lines = lines + 1
                WHERE id = ?2 AND posted_micro_usd - held_micro_usd + ?1 >= 0
                RETURNING posted_micro_usd - held_micro_usd, lines
                """
            )
            .bind(transfer.amount).bind(account).returning(AccountState.init)
        }
        guard let state else { return .insufficient(try balance(of: transfer.user, on: transfer.at.day)) }
        try insert(row)
        try post(.zero - transfer.amount, toHouse: transfer.houseAccount)
        let line = Line(
            kind: transfer.kind,
            amount: transfer.amount,
            note: transfer.note,
            reference: transfer.reference,
            at: transfer.at
        )
        try write([line], to: account, state)
        return .done(try balance(of: transfer.user, on: transfer.at.day), isRepeat: false)
    }

    private func post(_ amount: MicroUSD, toHouse account: String) throws(DatabaseError) {
        try statement(
            """
            INSERT INTO accounts (id, kind, posted_micro_usd, held_micro_usd, lines) VALUES (?, 'house', ?, 0, 0)
            ON CONFLICT (id) DO UPDATE SET posted_micro_usd = posted_micro_usd + excluded.posted_micro_usd
            """
        )
        .bind(account).bind(amount).run()
    }

    private func insert(_ transfer: TransferRow) throws(DatabaseError) {
        try statement(
            """
            INSERT INTO transfers (id, debit_id, credit_id, amount_micro_usd, kind, note, reference, at_ms)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """
        )
        .bind(transfer.id).bind(transfer.debit).bind(transfer.credit).bind(transfer.amount).bind(transfer.kind)
        .bind(transfer.note).bind(transfer.reference).bind(transfer.at).run()
    }

    static let transferColumns = "SELECT id, debit_id, credit_id, amount_micro_usd, kind, note, reference, at_ms"

    private func transferRow(_ id: String) throws(DatabaseError) -> TransferRow? {
        try statement(composed: Connection.transferColumns + " FROM transfers WHERE id = ?").bind(id)
            .first(TransferRow.init)
    }
}

extension LedgerEntry {
    fileprivate init(_ row: borrowing Row, of user: UserID) throws(DatabaseError) {
        self.init(
            id: LedgerEntryID(number: row.integer(0)),
            user: user,
            kind: try row.word(1, "kind of statement line"),
            amount: row.money(2),
            availableAfter: row.money(3),
            note: row.text(4),
            reference: row.optionalText(5),
            at: row.time(6)
        )
    }
}

extension TransferRow {
    /// Reads the columns that `Connection.transferColumns` names.
    init(_ row: borrowing Row) {
        self.init(
            id: row.text(0),
            debit: row.text(1),
            credit: row.text(2),
            amount: row.money(3),
            kind: row.text(4),
            note: row.text(5),
            reference: row.optionalText(6),
            at: row.time(7)
        )
    }
}

extension LedgerTransfer {
    /// The same between accounts: from the debited to the credited one, so that no amount is negative.
    fileprivate func row(account: String) -> TransferRow {
        TransferRow(
            id: id,
            debit: amount > .zero ? houseAccount : account,
            credit: amount > .zero ? account : houseAccount,
            amount: MicroUSD(micros: Int64(clamping: amount.micros.magnitude)),
            kind: kind.rawValue,
            note: note,
            reference: reference,
            at: at
        )
    }
}
