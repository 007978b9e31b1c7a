extension PostgresSchema.Function {
    /// What is said of a job that has been let in; NULL when it has not.
    static let accepted = PostgresSchema.Function(
        name: "orchestrator_accepted",
        version: 1,
        text: """
            CREATE OR REPLACE FUNCTION orchestrator_accepted(p_id text, p_rates jsonb, p_clock bigint) RETURNS jsonb
            LANGUAGE sql STABLE AS $$
                SELECT jsonb_build_object('outcome', 'accepted', 'credits_reserved', j.credits_reserved,
                    'free_reserved', j.free_reserved, 'free_day', j.free_day, 'rates', (
                        SELECT coalesce(jsonb_agg(jsonb_build_object('place', o - 1,
                            'left', (c ->> 'count')::bigint - coalesce(w.count, 0),
                            'reset', coalesce(w.end_ms - p_clock, (c ->> 'window')::bigint))), '[]')
                        FROM jsonb_array_elements(p_rates) WITH ORDINALITY AS e (c, o)
                        LEFT JOIN rate_windows w ON w.subject = c ->> 'subject' AND w.end_ms > p_clock))
                FROM jobs j WHERE j.id = p_id
            $$
            """
    )

    /// Takes a request in, or says why not. `again`: the answer of an earlier call was lost, so the job that is found may be
    /// the one that is wanted.
    static let accept = PostgresSchema.Function(
        name: "orchestrator_accept",
        version: 2,
        text: """
            CREATE OR REPLACE FUNCTION orchestrator_accept(a jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
            DECLARE
                v_job jsonb := a -> 'job';
                v_id text := v_job ->> 'id';
                v_account text := 'user:' || (v_job ->> 'owner');
                v_now bigint := (a ->> 'now')::bigint;
                v_clock bigint := coalesce((a ->> 'clock')::bigint, orchestrator_clock());
                v_claim jsonb := a -> 'credits';
                v_answer jsonb;
                v_rates jsonb;
                v_subject text;
                v_state accounts;
                v_used bigint;
                v_free integer := 0;
                v_amount bigint := 0;
            BEGIN
                IF (a ->> 'again')::boolean THEN
                    v_answer := orchestrator_accepted(v_id, a -> 'rates', v_clock);
                    IF v_answer IS NOT NULL THEN RETURN v_answer; END IF;
                END IF;
                IF a ? 'repeats' THEN
                    v_answer := orchestrator_known(a #>> '{repeats,owner}', a #>> '{repeats,key}', v_now);
                    IF v_answer IS NOT NULL THEN
                        RETURN jsonb_build_object('outcome', 'repeated', 'known', v_answer);
                    END IF;
                END IF;
                v_answer := orchestrator_full_rate(a -> 'rates', v_clock);
                IF v_answer IS NOT NULL THEN
                    RETURN jsonb_build_object('outcome', 'rate', 'rate', v_answer);
                END IF;
                v_subject := orchestrator_full_cap(a -> 'attempts', v_job ->> 'key_id', a -> 'caps');
                IF v_subject IS NOT NULL THEN
                    RETURN jsonb_build_object('outcome', 'capped', 'subject', v_subject);
                END IF;
                BEGIN
                    IF a ? 'repeats' THEN
                        v_answer := orchestrator_take_key(a -> 'repeats', v_id, v_id, v_now);
                        IF v_answer IS NOT NULL THEN
                            v_answer := jsonb_build_object('outcome', 'repeated', 'known', v_answer);
                            RAISE SQLSTATE '\(refusal)';
                        END IF;
                    END IF;
                    v_rates := orchestrator_take_rates(a -> 'rates', v_clock);
                    SELECT e INTO v_answer FROM jsonb_array_elements(v_rates) AS t (e)
                    WHERE (e ->> 'left')::bigint < 0 ORDER BY (e ->> 'place')::bigint LIMIT 1;
                    IF FOUND THEN
                        v_answer := jsonb_build_object('outcome', 'rate', 'rate', v_answer);
                        RAISE SQLSTATE '\(refusal)';
                    END IF;
                    v_subject := orchestrator_count('[]', a -> 'attempts', v_job ->> 'key_id', a -> 'caps');
                    IF v_subject IS NOT NULL THEN
                        v_answer := jsonb_build_object('outcome', 'capped', 'subject', v_subject);
                        RAISE SQLSTATE '\(refusal)';
                    END IF;
                    IF v_claim IS NOT NULL THEN
            \(reservation)
                    END IF;
                    v_job := v_job || jsonb_build_object('fence', 1, 'lease_owner', a ->> 'daemon', 'lease_until_ms',
                        coalesce((a ->> 'clock')::bigint, orchestrator_clock()) + (a ->> 'lease')::bigint);
                    \(PostgresColumns.insertion(into: "jobs", PostgresColumns.job, from: "jsonb_build_array(v_job)"));
                    \(PostgresColumns.insertion(into: "attempts", PostgresColumns.attempt, from: "a -> 'attempts'"));
                    \(PostgresColumns.insertion(into: "images", PostgresColumns.image, from: "a -> 'images'"));
                    IF a ? 'webhook' THEN
                        INSERT INTO webhooks (id, job_id, url, secret, state, tries)
                        VALUES (a #>> '{webhook,id}', v_id, a #>> '{webhook,url}', a #>> '{webhook,secret}', 'waiting', 0);
                    END IF;
                EXCEPTION
                    WHEN SQLSTATE '\(refusal)' THEN
                        IF (a ->> 'again')::boolean AND v_answer #>> '{known,job}' = v_id THEN
                            RETURN orchestrator_accepted(v_id, a -> 'rates', v_clock);
                        END IF;
                        RETURN v_answer;
                    WHEN unique_violation THEN
                        IF (a ->> 'again')::boolean THEN
                            v_answer := orchestrator_accepted(v_id, a -> 'rates', v_clock);
                            IF v_answer IS NOT NULL THEN RETURN v_answer; END IF;
                        END IF;
                        RAISE;
                END;
                RETURN jsonb_build_object('outcome', 'accepted', 'credits_reserved', v_job -> 'credits_reserved',
                    'free_reserved', v_job -> 'free_reserved', 'free_day', v_job -> 'free_day', 'rates', v_rates);
            END
            $$
            """
    )

    /// Takes a job's credits and free uses; the user's requests wait for each other here.
    private static let reservation = """
                        SELECT * INTO v_state FROM accounts WHERE id = v_account FOR UPDATE;
                        IF jsonb_array_length(v_claim -> 'holds') > 1 AND (v_claim ->> 'free_per_day')::bigint > 0 THEN
                            INSERT INTO allowance AS w (user_id, day, used)
                            VALUES (v_job ->> 'owner', v_now / 86400000, 0)
                            ON CONFLICT (user_id, day) DO UPDATE SET used = w.used RETURNING w.used INTO v_used;
                            v_free := greatest(0, least(jsonb_array_length(v_claim -> 'holds') - 1,
                                (v_claim ->> 'free_per_day')::bigint - v_used));
                        END IF;
                        v_amount := (v_claim -> 'holds' ->> v_free)::bigint;
                        IF v_amount > 0 THEN
                            UPDATE accounts SET held_micro_usd = held_micro_usd + v_amount, lines = lines + 1
                            WHERE id = v_account AND posted_micro_usd - held_micro_usd >= v_amount;
                            IF NOT FOUND THEN
                                v_answer := jsonb_build_object('outcome', 'insufficient', 'needed', v_amount,
                                    'available', coalesce(v_state.posted_micro_usd - v_state.held_micro_usd, 0));
                                RAISE SQLSTATE '\(refusal)';
                            END IF;
                            INSERT INTO holds (id, account_id, amount_micro_usd, credit_micro_usd, state)
                            VALUES ('hold:' || v_id, v_account, v_amount, (v_claim ->> 'credit')::bigint, 'open');
                            INSERT INTO statement_lines (account_id, n, kind, amount_micro_usd,
                                available_after_micro_usd, note, reference, at_ms)
                            VALUES (v_account, v_state.lines + 1, 'reserve', -v_amount,
                                v_state.posted_micro_usd - v_state.held_micro_usd - v_amount, '', v_id, v_now);
                            v_job := v_job
                                || jsonb_build_object('credits_reserved', v_amount / (v_claim ->> 'credit')::bigint);
                        END IF;
                        IF v_free > 0 THEN
                            UPDATE allowance SET used = used + v_free
                            WHERE user_id = v_job ->> 'owner' AND day = v_now / 86400000;
                            v_job := v_job
                                || jsonb_build_object('free_reserved', v_free, 'free_day', v_now / 86400000);
                        END IF;
        """
}
