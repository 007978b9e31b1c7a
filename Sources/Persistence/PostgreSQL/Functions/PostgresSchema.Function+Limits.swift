// MARK: - Repeats

extension PostgresSchema.Function {
    /// What is known of a key. One that has run out is as good as absent once its answer, or its job's end, is there.
    static let known = PostgresSchema.Function(
        name: "orchestrator_known",
        version: 1,
        text: """
            CREATE OR REPLACE FUNCTION orchestrator_known(p_owner text, p_key text, p_now bigint) RETURNS jsonb
            LANGUAGE sql STABLE AS $$
                SELECT jsonb_build_object('fingerprint', k.fingerprint, 'job', k.job_id, 'status', k.status, 'body', k.body)
                FROM idempotency k LEFT JOIN jobs j ON j.id = k.job_id
                WHERE k.owner = p_owner AND k.key = p_key AND NOT (k.expires_ms <= p_now
                    AND (k.status IS NOT NULL OR coalesce(j.status IN ('succeeded', 'failed', 'canceled'), false)))
            $$
            """
    )

    /// Takes a key of which nothing is known any more; NULL: it is the claim's now, else what is known. Waits for whoever is
    /// about to take it.
    static let takeKey = PostgresSchema.Function(
        name: "orchestrator_take_key",
        version: 1,
        text: """
            CREATE OR REPLACE FUNCTION orchestrator_take_key(p jsonb, p_job text, p_claim text, p_now bigint)
            RETURNS jsonb LANGUAGE plpgsql AS $$
            DECLARE
                v_known jsonb;
            BEGIN
                LOOP
                    INSERT INTO idempotency AS k (owner, key, fingerprint, job_id, expires_ms, claim)
                    VALUES (p ->> 'owner', p ->> 'key', p ->> 'fingerprint', p_job, (p ->> 'expires')::bigint, p_claim)
                    ON CONFLICT (owner, key) DO UPDATE SET fingerprint = EXCLUDED.fingerprint, job_id = EXCLUDED.job_id,
                        status = NULL, body = NULL, expires_ms = EXCLUDED.expires_ms, claim = EXCLUDED.claim
                    WHERE k.claim = EXCLUDED.claim AND k.job_id IS NULL AND k.status IS NULL
                        OR k.expires_ms <= p_now AND (k.status IS NOT NULL OR EXISTS (SELECT 1 FROM jobs
                            WHERE jobs.id = k.job_id AND jobs.status IN ('succeeded', 'failed', 'canceled')));
                    IF FOUND THEN RETURN NULL; END IF;
                    v_known := orchestrator_known(p ->> 'owner', p ->> 'key', p_now);
                    IF v_known IS NOT NULL THEN RETURN v_known; END IF;
                END LOOP;
            END
            $$
            """
    )
}

// MARK: - Rates

extension PostgresSchema.Function {
    /// A window that ends further away than it is long, and this in milliseconds, is one from before a clock was put back.
    /// Less may be the time that its counting waited for another's.
    private static let slack = 10_000

    private static let claims = """
        SELECT o - 1 AS place, c ->> 'subject' AS subject, (c ->> 'count')::bigint AS allowed,
            (c ->> 'window')::bigint AS length
        FROM jsonb_array_elements(p_rates) WITH ORDINALITY AS e (c, o)
        """

    /// The first of some rates that has nothing left; NULL when all have. A look only, which spares a refused request
    /// the writing.
    static let fullRate = PostgresSchema.Function(
        name: "orchestrator_full_rate",
        version: 1,
        text: """
            CREATE OR REPLACE FUNCTION orchestrator_full_rate(p_rates jsonb, p_clock bigint) RETURNS jsonb
            LANGUAGE sql STABLE AS $$
                SELECT jsonb_build_object('place', place, 'reset', coalesce(w.end_ms - p_clock, length))
                FROM (\(claims)) AS c LEFT JOIN rate_windows w ON w.subject = c.subject
                    AND w.end_ms > p_clock AND w.end_ms <= p_clock + c.length + \(slack)
                WHERE coalesce(w.count, 0) >= allowed ORDER BY place LIMIT 1
            $$
            """
    )

    /// Counts one request at each rate, in the order of their subjects; what each then has left, which is negative where
    /// there was nothing left.
    static let takeRates = PostgresSchema.Function(
        name: "orchestrator_take_rates",
        version: 1,
        text: """
            CREATE OR REPLACE FUNCTION orchestrator_take_rates(p_rates jsonb, p_clock bigint) RETURNS jsonb
            LANGUAGE plpgsql AS $$
            DECLARE
                r record;
                v_window rate_windows;
                v_taken jsonb := '[]';
            BEGIN
                FOR r IN SELECT * FROM (\(claims)) AS c ORDER BY subject COLLATE "C", place LOOP
                    INSERT INTO rate_windows AS w (subject, end_ms, count) VALUES (r.subject, p_clock + r.length, 1)
                    ON CONFLICT (subject) DO UPDATE SET
                        end_ms = CASE WHEN w.end_ms > p_clock AND w.end_ms <= p_clock + r.length + \(slack)
                            THEN w.end_ms ELSE EXCLUDED.end_ms END,
                        count = CASE WHEN w.end_ms > p_clock AND w.end_ms <= p_clock + r.length + \(slack)
                            THEN w.count + 1 ELSE 1 END
                    RETURNING w.* INTO v_window;
                    v_taken := v_taken || jsonb_build_array(jsonb_build_object(
                        'place', r.place, 'left', r.allowed - v_window.count, 'reset', v_window.end_ms - p_clock));
                END LOOP;
                RETURN v_taken;
            END
            $$
            """
    )
}

// MARK: - Spend

extension PostgresSchema.Function {
    /// The counters of spend that attempts count at.
    static let places = PostgresSchema.Function(
        name: "orchestrator_places",
        version: 1,
        text: """
            CREATE OR REPLACE FUNCTION orchestrator_places(p_attempts jsonb, p_key text)
            RETURNS TABLE (day bigint, subject text, amount bigint) LANGUAGE sql IMMUTABLE AS $$
                SELECT t.started_ms / 86400000, s.subject, t.cost_micro_usd
                FROM jsonb_to_recordset(p_attempts)
                    AS t (provider text, started_ms bigint, cost_micro_usd bigint, paid_by_caller integer),
                    LATERAL (VALUES ('all'), ('provider:' || t.provider), ('key:' || p_key)) AS s (subject)
                WHERE t.paid_by_caller = 0 AND s.subject IS NOT NULL
            $$
            """
    )

    /// The first cap that attempts would pass; NULL: none. A look only, which spares a refused request the writing and all
    /// others the wait for it.
    static let fullCap = PostgresSchema.Function(
        name: "orchestrator_full_cap",
        version: 1,
        text: """
            CREATE OR REPLACE FUNCTION orchestrator_full_cap(p_new jsonb, p_key text, p_caps jsonb) RETURNS text
            LANGUAGE sql STABLE AS $$
                SELECT cap ->> 'subject' FROM jsonb_array_elements(p_caps) WITH ORDINALITY AS e (cap, o)
                JOIN (SELECT p.day, p.subject, sum(p.amount) AS amount FROM orchestrator_places(p_new, p_key) p
                    GROUP BY p.day, p.subject) t ON t.subject = cap ->> 'subject'
                LEFT JOIN spend_counters s ON s.day = t.day AND s.subject = t.subject
                WHERE coalesce(s.micro_usd, 0) + t.amount > (cap ->> 'limit')::bigint ORDER BY o LIMIT 1
            $$
            """
    )

    /// Counts attempts in the place of others, and names the first cap that is passed then; whoever called undoes it.
    static let count = PostgresSchema.Function(
        name: "orchestrator_count",
        version: 1,
        text: """
            CREATE OR REPLACE FUNCTION orchestrator_count(p_old jsonb, p_new jsonb, p_key text, p_caps jsonb)
            RETURNS text LANGUAGE plpgsql AS $$
            DECLARE
                c record;
                v_spent bigint;
                v_passed bigint;
            BEGIN
                FOR c IN SELECT t.day, t.subject, sum(t.amount)::bigint AS amount, bool_or(t.is_new) AS is_counted
                    FROM (SELECT p.day, p.subject, p.amount, true AS is_new FROM orchestrator_places(p_new, p_key) p
                        UNION ALL SELECT p.day, p.subject, -p.amount, false FROM orchestrator_places(p_old, p_key) p) t
                    GROUP BY t.day, t.subject ORDER BY t.day, t.subject COLLATE "C"
                LOOP
                    IF c.amount <> 0 THEN
                        INSERT INTO spend_counters AS s (day, subject, micro_usd) VALUES (c.day, c.subject, c.amount)
                        ON CONFLICT (day, subject) DO UPDATE SET micro_usd = s.micro_usd + EXCLUDED.micro_usd
                        RETURNING s.micro_usd INTO v_spent;
                    ELSE
                        SELECT s.micro_usd INTO v_spent FROM spend_counters s
                        WHERE s.day = c.day AND s.subject = c.subject;
                    END IF;
                    IF c.is_counted THEN
                        SELECT least(v_passed, min(o)) INTO v_passed
                        FROM jsonb_array_elements(p_caps) WITH ORDINALITY AS e (cap, o)
                        WHERE cap ->> 'subject' = c.subject AND coalesce(v_spent, 0) > (cap ->> 'limit')::bigint;
                    END IF;
                END LOOP;
                RETURN p_caps -> (v_passed::integer - 1) ->> 'subject';
            END
            $$
            """
    )
}
