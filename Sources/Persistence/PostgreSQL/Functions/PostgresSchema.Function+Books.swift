extension PostgresSchema.Function {
    private static let line = """
        INSERT INTO statement_lines (account_id, n, kind, amount_micro_usd, available_after_micro_usd, note, reference, at_ms)
        """

    private static func post(_ amount: String, to account: String) -> String {
        """
        INSERT INTO accounts AS house (id, kind, posted_micro_usd, held_micro_usd, lines)
                    VALUES (\(account), 'house', \(amount), 0, 0)
                    ON CONFLICT (id) DO UPDATE SET posted_micro_usd = house.posted_micro_usd + EXCLUDED.posted_micro_usd
        """
    }

    /// Writes a job's end; NULL when the lease is lost or the job has ended, unless `again`, where the answer of an earlier
    /// call was lost and the end that is found under this fence is the one that is wanted.
    static let finish = PostgresSchema.Function(
        name: "orchestrator_finish",
        version: 2,
        text: """
            CREATE OR REPLACE FUNCTION orchestrator_finish(a jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
            DECLARE
                v_end jsonb := a -> 'job';
                v_at bigint := (a ->> 'at')::bigint;
                v_charge bigint := (a ->> 'charge')::bigint;
                v_used bigint := 0;
                v_charged bigint := 0;
                v_old jsonb;
                v_image text;
                o jobs;
                h holds;
            BEGIN
                SELECT * INTO o FROM jobs WHERE id = v_end ->> 'id' FOR UPDATE;
                IF NOT FOUND OR o.fence <> (a ->> 'fence')::bigint THEN RETURN NULL; END IF;
                IF o.status NOT IN ('queued', 'running') THEN
                    RETURN CASE WHEN (a ->> 'again')::boolean THEN to_jsonb(o) END;
                END IF;
                SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') INTO v_old FROM attempts t WHERE t.job_id = o.id;
                PERFORM orchestrator_count(v_old, a -> 'attempts', o.key_id, '[]');
                UPDATE holds SET state = CASE WHEN v_charge > 0 THEN 'settled' ELSE 'released' END,
                    transfer_id = CASE WHEN v_charge > 0 THEN 'charge:' || o.id END
                WHERE id = 'hold:' || o.id AND state = 'open' RETURNING * INTO h;
                IF FOUND THEN
                    v_charge := least(v_charge, h.amount_micro_usd);
                    v_charged := v_charge / h.credit_micro_usd;
            \(settlement)
                END IF;
                IF o.free_day IS NOT NULL THEN
                    v_used := least(greatest(0, (a ->> 'free_used')::bigint), o.free_reserved);
                    UPDATE allowance SET used = used - (o.free_reserved - v_used)
                    WHERE user_id = o.owner AND day = o.free_day AND o.free_reserved > v_used;
                END IF;
                IF h.id IS NOT NULL AND v_charge > 0 THEN
                    INSERT INTO transfers (id, debit_id, credit_id, amount_micro_usd, kind, note, reference, at_ms)
                    VALUES (h.transfer_id, h.account_id, 'house:revenue', v_charge, 'spend', '', o.id, v_at);
                    \(post("v_charge", to: "'house:revenue'"));
                END IF;
                UPDATE jobs SET status = v_end ->> 'status', policy = v_end ->> 'policy',
                    started_ms = (v_end ->> 'started_ms')::bigint, finished_ms = (v_end ->> 'finished_ms')::bigint,
                    cost_micro_usd = (v_end ->> 'cost_micro_usd')::bigint, answer = v_end ->> 'answer',
                    adapted = v_end ->> 'adapted', error = v_end ->> 'error', credits_charged = v_charged,
                    credits_refunded = o.credits_reserved - v_charged, free_used = v_used
                WHERE id = o.id RETURNING * INTO o;
                DELETE FROM attempts t WHERE t.job_id = o.id AND NOT EXISTS (
                    SELECT 1 FROM jsonb_array_elements(a -> 'attempts') AS e (kept) WHERE (kept ->> 'n')::integer = t.n);
                \(PostgresColumns.attemptsPut(from: "a -> 'attempts'"));
                \(PostgresColumns.insertion(into: "images", PostgresColumns.image, from: "a -> 'images'"));
                UPDATE webhooks SET state = 'due', ready_ms = v_at,
                    next_ms = least(v_at, coalesce((a ->> 'clock')::bigint, orchestrator_clock()))
                WHERE job_id = o.id AND state = 'waiting';
                IF (a ->> 'in_gallery')::boolean THEN
                    PERFORM pg_advisory_xact_lock(\(galleryLock));
                    FOR v_image IN SELECT e ->> 'id' FROM jsonb_array_elements(a -> 'images') WITH ORDINALITY AS t (e, n)
                        ORDER BY n
                    LOOP
                        INSERT INTO gallery (time_ms, image_id) SELECT greatest(v_at, max(time_ms) + 1), v_image FROM gallery;
                    END LOOP;
                END IF;
                RETURN to_jsonb(o);
            END
            $$
            """
    )

    /// Takes the hold off the account, with the lines of its statement.
    private static let settlement = """
                    DECLARE
                        s accounts;
                        v_before bigint;
                    BEGIN
                        UPDATE accounts SET held_micro_usd = held_micro_usd - h.amount_micro_usd,
                            posted_micro_usd = posted_micro_usd - v_charge,
                            lines = lines + CASE WHEN v_charge < h.amount_micro_usd THEN 1 ELSE 0 END
                                + CASE WHEN v_charge > 0 THEN 2 ELSE 0 END
                        WHERE id = h.account_id RETURNING * INTO STRICT s;
                        v_before := s.posted_micro_usd - s.held_micro_usd - (h.amount_micro_usd - v_charge);
                        IF v_charge < h.amount_micro_usd THEN
                            \(line)
                            VALUES (s.id, s.lines - CASE WHEN v_charge > 0 THEN 2 ELSE 0 END, 'refund',
                                h.amount_micro_usd - v_charge, v_before + h.amount_micro_usd - v_charge, '', o.id, v_at);
                        END IF;
                        IF v_charge > 0 THEN
                            \(line)
                            VALUES (s.id, s.lines - 1, 'release', v_charge, v_before + h.amount_micro_usd, '', o.id, v_at),
                                (s.id, s.lines, 'spend', -v_charge, v_before + h.amount_micro_usd - v_charge, '', o.id,
                                    v_at);
                        END IF;
                    END;
        """

    /// Moves money between a user and the house, once for each id. `amount` is what the user gets, negative: gives.
    static let transfer = PostgresSchema.Function(
        name: "orchestrator_transfer",
        version: 1,
        text: """
            CREATE OR REPLACE FUNCTION orchestrator_transfer(a jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
            DECLARE
                v_account text := 'user:' || (a ->> 'user');
                v_amount bigint := (a ->> 'amount')::bigint;
                v_at bigint := (a ->> 'at')::bigint;
                v_outcome text := 'known';
                n transfers;
                t transfers;
                s accounts;
            BEGIN
                n.id := a ->> 'id';
                n.debit_id := CASE WHEN v_amount > 0 THEN a ->> 'house' ELSE v_account END;
                n.credit_id := CASE WHEN v_amount > 0 THEN v_account ELSE a ->> 'house' END;
                n.amount_micro_usd := abs(v_amount);
                n.kind := a ->> 'kind';
                n.note := a ->> 'note';
                n.reference := a ->> 'reference';
                n.at_ms := v_at;
                PERFORM 1 FROM accounts WHERE id = v_account FOR UPDATE;
                IF NOT EXISTS (SELECT 1 FROM transfers WHERE id = n.id) THEN
                    BEGIN
                        IF v_amount > 0 THEN
                            INSERT INTO accounts AS c (id, kind, posted_micro_usd, held_micro_usd, lines)
                            VALUES (v_account, 'tenant', v_amount, 0, 1)
                            ON CONFLICT (id) DO UPDATE
                            SET posted_micro_usd = c.posted_micro_usd + EXCLUDED.posted_micro_usd, lines = c.lines + 1
                            RETURNING c.* INTO s;
                        ELSE
                            UPDATE accounts SET posted_micro_usd = posted_micro_usd + v_amount, lines = lines + 1
                            WHERE id = v_account AND posted_micro_usd - held_micro_usd + v_amount >= 0 RETURNING * INTO s;
                        END IF;
                        IF s.id IS NULL THEN
                            v_outcome := 'insufficient';
                        ELSE
                            INSERT INTO transfers SELECT n.* ON CONFLICT (id) DO NOTHING;
                            IF NOT FOUND THEN RAISE SQLSTATE '\(refusal)'; END IF;
                            \(post("-v_amount", to: "a ->> 'house'"));
                            \(line)
                            VALUES (v_account, s.lines, n.kind, v_amount, s.posted_micro_usd - s.held_micro_usd, n.note,
                                n.reference, v_at);
                            v_outcome := 'done';
                        END IF;
                    EXCEPTION WHEN SQLSTATE '\(refusal)' THEN
                        v_outcome := 'known';
                    END;
                END IF;
                IF v_outcome = 'known' THEN
                    SELECT * INTO t FROM transfers WHERE id = n.id;
                    IF (t.debit_id, t.credit_id, t.amount_micro_usd, t.kind, t.note, t.reference) IS DISTINCT FROM
                        (n.debit_id, n.credit_id, n.amount_micro_usd, n.kind, n.note, n.reference)
                    THEN
                        RETURN jsonb_build_object('outcome', 'contradicts');
                    END IF;
                END IF;
                SELECT * INTO s FROM accounts WHERE id = v_account;
                RETURN jsonb_build_object('outcome', v_outcome, 'posted', coalesce(s.posted_micro_usd, 0),
                    'held', coalesce(s.held_micro_usd, 0), 'free', coalesce(
                        (SELECT used FROM allowance WHERE user_id = a ->> 'user' AND day = v_at / 86400000), 0));
            END
            $$
            """
    )
}
