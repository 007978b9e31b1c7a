extension PostgresSchema.Function {
    /// Says that the money which goes with a change does not move: all of it is undone, and the caller told so.
    private static let stuck = "ORPAY"

    /// Returns false unless the user's statement, which stays as it is from here on, is as long as the caller read it.
    private static func checkStatement(of user: String) -> String {
        """
        SELECT lines INTO v_lines FROM accounts WHERE id = 'user:' || \(user) FOR UPDATE;
        IF (a ->> 'lines')::bigint <> coalesce(v_lines, 0) THEN RETURN false; END IF;
        """
    }

    /// Makes the transfer that goes with a change, if one does.
    private static func transfer(orRaise message: String) -> String {
        """
        IF a ->> 'transfer' IS NOT NULL THEN
            IF orchestrator_transfer(a -> 'transfer') ->> 'outcome' <> 'done' THEN
                RAISE EXCEPTION '\(message)' USING ERRCODE = '\(stuck)';
            END IF;
        END IF;
        """
    }

    /// Writes a purchase over the revision that it was made from, and moves its money.
    static let amend = PostgresSchema.Function(
        name: "orchestrator_amend",
        version: 1,
        text: """
            CREATE OR REPLACE FUNCTION orchestrator_amend(a jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
            DECLARE
                p purchases := jsonb_populate_record(NULL::purchases, a -> 'purchase');
                v_lines bigint;
            BEGIN
                \(checkStatement(of: "p.user_id"))
                UPDATE purchases SET status = p.status, product = p.product, session = p.session,
                    checkout_url = p.checkout_url, payment = p.payment, completed_ms = p.completed_ms,
                    check_ms = p.check_ms, returns = p.returns, returned_micro_usd = p.returned_micro_usd,
                    taken_micro_usd = p.taken_micro_usd, asked_micro_usd = p.asked_micro_usd,
                    sent_micro_usd = p.sent_micro_usd, revision = purchases.revision + 1
                WHERE id = p.id AND revision = p.revision;
                IF NOT FOUND THEN RETURN false; END IF;
                \(transfer(orRaise: "a purchase cannot move its money"))
                RETURN true;
            END
            $$
            """
    )

    /// Gives a grant, unless its user has it or its id was used for somebody else.
    static let give = PostgresSchema.Function(
        name: "orchestrator_give",
        version: 1,
        text: """
            CREATE OR REPLACE FUNCTION orchestrator_give(a jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
            DECLARE
                g grants := jsonb_populate_record(NULL::grants, a -> 'grant');
                v_outcome text;
            BEGIN
                PERFORM 1 FROM accounts WHERE id = 'user:' || g.user_id FOR UPDATE;
                g.transfer_id := g.id;
                g.due_ms := g.expires_ms;
                INSERT INTO grants SELECT g.* ON CONFLICT DO NOTHING;
                IF NOT FOUND THEN RETURN false; END IF;
                v_outcome := orchestrator_transfer(a -> 'transfer') ->> 'outcome';
                IF v_outcome = 'done' THEN RETURN true; END IF;
                UPDATE grants SET transfer_id = NULL, due_ms = NULL
                WHERE user_id = g.user_id AND kind = g.kind AND period = g.period;
                RETURN false;
            END
            $$
            """
    )

    /// Takes back what is unused of a grant, if its user's statement is as the caller read it.
    static let expire = PostgresSchema.Function(
        name: "orchestrator_expire",
        version: 1,
        text: """
            CREATE OR REPLACE FUNCTION orchestrator_expire(a jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
            DECLARE
                g grants := jsonb_populate_record(NULL::grants, a -> 'grant');
                v_lines bigint;
            BEGIN
                \(checkStatement(of: "g.user_id"))
                UPDATE grants SET due_ms = (a ->> 'next')::bigint,
                    expired_micro_usd = expired_micro_usd + (a ->> 'rest')::bigint
                WHERE user_id = g.user_id AND kind = g.kind AND period = g.period
                    AND expired_micro_usd = g.expired_micro_usd;
                IF NOT FOUND THEN RETURN false; END IF;
                \(transfer(orRaise: "a grant cannot run out"))
                RETURN true;
            END
            $$
            """
    )
}
