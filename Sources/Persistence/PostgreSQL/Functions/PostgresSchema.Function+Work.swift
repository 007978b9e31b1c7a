internal import Orchestrator

extension PostgresSchema.Function {
    /// Writes an attempt, `begins`: as an intent, within the caps. Answers `done`, `lost`, or `capped:` and the subject.
    static let attempt = PostgresSchema.Function(
        name: "orchestrator_attempt",
        version: 2,
        text: """
            CREATE OR REPLACE FUNCTION orchestrator_attempt(a jsonb, begins boolean) RETURNS text
            LANGUAGE plpgsql AS $$
            DECLARE
                v_new jsonb := a -> 'attempt';
                v_old jsonb;
                v_key text;
                v_status text;
                v_subject text;
            BEGIN
                SELECT key_id, status INTO v_key, v_status FROM jobs
                WHERE id = v_new ->> 'job_id' AND fence = (a ->> 'fence')::bigint FOR UPDATE;
                IF NOT FOUND OR begins AND v_status NOT IN ('queued', 'running') THEN RETURN 'lost'; END IF;
                SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') INTO v_old FROM attempts t
                WHERE t.job_id = v_new ->> 'job_id' AND t.n = (v_new ->> 'n')::integer;
                BEGIN
                    v_subject := orchestrator_count(v_old, jsonb_build_array(v_new), v_key, a -> 'caps');
                    IF v_subject IS NOT NULL THEN RAISE SQLSTATE '\(refusal)'; END IF;
                EXCEPTION WHEN SQLSTATE '\(refusal)' THEN
                    RETURN 'capped:' || v_subject;
                END;
                \(PostgresColumns.attemptsPut(from: "jsonb_build_array(v_new)"));
                IF begins AND v_status = 'queued' THEN
                    UPDATE jobs SET status = 'running',
                        started_ms = coalesce(started_ms, (v_new ->> 'started_ms')::bigint)
                    WHERE id = v_new ->> 'job_id';
                END IF;
                RETURN 'done';
            END
            $$
            """
    )

    /// Takes jobs over, and reads them afterwards: what the one before wrote until then is in them.
    static let claimJobs = PostgresSchema.Function(
        name: "orchestrator_claim_jobs",
        version: 1,
        text: """
            CREATE OR REPLACE FUNCTION orchestrator_claim_jobs(
                p_daemon text, p_lease bigint, p_limit bigint, p_clock bigint
            ) RETURNS TABLE (found json, found_attempts json, found_images json) LANGUAGE plpgsql AS $$
            DECLARE
                v_clock bigint := coalesce(p_clock, orchestrator_clock());
                v_ids text[];
            BEGIN
                WITH due AS (
                    SELECT id FROM jobs WHERE status IN ('queued', 'running') AND lease_until_ms <= v_clock
                    ORDER BY id LIMIT p_limit FOR UPDATE SKIP LOCKED
                ), taken AS (
                    UPDATE jobs SET fence = fence + 1, claims = claims + 1, lease_owner = p_daemon,
                        lease_until_ms = v_clock + p_lease
                    FROM due WHERE jobs.id = due.id RETURNING jobs.id
                ) SELECT array_agg(taken.id) INTO v_ids FROM taken;
                RETURN QUERY \(JobRecord.query) WHERE jobs.id = ANY (v_ids) ORDER BY jobs.id;
            END
            $$
            """
    )

    /// Gives transfers their number and link, as `LedgerChain` does; one caller at a time.
    static let seal = PostgresSchema.Function(
        name: "orchestrator_seal",
        version: 1,
        text: """
            CREATE OR REPLACE FUNCTION orchestrator_seal(p_limit bigint) RETURNS bigint LANGUAGE plpgsql AS $$
            DECLARE
                t transfers;
                v_seq bigint;
                v_hash text;
                v_count bigint := 0;
            BEGIN
                IF NOT pg_try_advisory_xact_lock(\(sealLock)) THEN RETURN 0; END IF;
                SELECT seq, hash INTO v_seq, v_hash FROM transfers WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1;
                IF NOT FOUND THEN
                    v_seq := 0;
                    v_hash := repeat('0', 64);
                END IF;
                FOR t IN SELECT * FROM transfers WHERE seq IS NULL ORDER BY at_ms, id LIMIT p_limit LOOP
                    v_seq := v_seq + 1;
                    SELECT encode(sha256(string_agg(CASE WHEN field IS NULL THEN convert_to('-', 'UTF8')
                        ELSE convert_to(octet_length(convert_to(field, 'UTF8')) || ':' || field, 'UTF8') END,
                        ''::bytea ORDER BY o)), 'hex') INTO v_hash
                    FROM unnest(ARRAY[v_hash, v_seq::text, t.id, t.debit_id, t.credit_id, t.amount_micro_usd::text, t.kind,
                        t.note, t.reference, t.at_ms::text]) WITH ORDINALITY AS f (field, o);
                    UPDATE transfers SET seq = v_seq, hash = v_hash WHERE id = t.id AND seq IS NULL;
                    IF NOT FOUND THEN RAISE 'transfer % was sealed by someone else', t.id; END IF;
                    v_count := v_count + 1;
                END LOOP;
                RETURN v_count;
            END
            $$
            """
    )
}
