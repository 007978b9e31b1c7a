extension PostgresSchema.Function {
    /// The account of an identity, and how it came to it. Of two calls that would both link or add it, one fails by a
    /// constraint, and finds it known when it is made again.
    static let identify = PostgresSchema.Function(
        name: "orchestrator_identify",
        version: 1,
        text: """
            CREATE OR REPLACE FUNCTION orchestrator_identify(a jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
            DECLARE
                v_now bigint := (a ->> 'now')::bigint;
                v_way text := 'linked';
                u users;
            BEGIN
                SELECT users.* INTO u FROM identities i JOIN users ON users.id = i.user_id
                WHERE i.provider = a ->> 'provider' AND i.subject = a ->> 'subject';
                IF FOUND THEN RETURN jsonb_build_object('way', 'known', 'user', to_jsonb(u)); END IF;
                SELECT * INTO u FROM users WHERE email = a ->> 'email' FOR UPDATE;
                IF NOT FOUND THEN
                    INSERT INTO users (id, email, is_admin, created_ms, is_proven)
                    VALUES (a ->> 'new_id', a ->> 'new_email', (a ->> 'new_admin')::integer, (a ->> 'new_created')::bigint,
                        CASE WHEN a ->> 'email' IS NULL THEN 0 ELSE 1 END)
                    RETURNING * INTO u;
                    v_way := 'added';
                END IF;
                INSERT INTO identities (provider, subject, user_id, created_ms)
                VALUES (a ->> 'provider', a ->> 'subject', u.id, v_now);
                IF v_way = 'linked' AND u.is_proven = 0 THEN
                    UPDATE users SET is_proven = 1 WHERE id = u.id;
                    IF u.id IS DISTINCT FROM a ->> 'owner' THEN
                        UPDATE users SET password_hash = NULL WHERE id = u.id;
                        DELETE FROM sessions WHERE user_id = u.id;
                        UPDATE keys SET revoked_ms = v_now WHERE owner = u.id AND revoked_ms IS NULL;
                        v_way := 'reclaimed';
                    END IF;
                END IF;
                RETURN jsonb_build_object('way', v_way, 'user', to_jsonb(u));
            END
            $$
            """
    )

    /// Removes an account with what goes with it; says what became of that. Administrators are locked in one order, so
    /// that two of them cannot both leave as the last but one.
    ///
    /// The gallery's places stay: each is named by a time, which is never given to another picture. The trail keeps who did
    /// what to whom, by ids, without the particulars.
    static let removeUser = PostgresSchema.Function(
        name: "orchestrator_remove_user",
        version: 1,
        text: """
            CREATE OR REPLACE FUNCTION orchestrator_remove_user(p_user text) RETURNS text LANGUAGE plpgsql AS $$
            DECLARE
                u users;
            BEGIN
                PERFORM 1 FROM users WHERE is_admin = 1 ORDER BY id FOR UPDATE;
                SELECT * INTO u FROM users WHERE id = p_user FOR UPDATE;
                IF NOT FOUND THEN RETURN 'unknown'; END IF;
                IF u.is_admin = 1 AND NOT EXISTS (SELECT 1 FROM users WHERE is_admin = 1 AND id <> p_user) THEN
                    RETURN 'lastAdministrator';
                END IF;
                IF EXISTS (SELECT 1 FROM jobs WHERE owner = p_user AND status IN ('queued', 'running')) THEN
                    RETURN 'busy';
                END IF;
                DELETE FROM images WHERE owner = p_user;
                DELETE FROM webhooks WHERE job_id IN (SELECT id FROM jobs WHERE owner = p_user);
                UPDATE jobs SET request = '{}' WHERE owner = p_user;
                DELETE FROM keys WHERE owner = p_user;
                DELETE FROM sessions WHERE user_id = p_user;
                DELETE FROM identities WHERE user_id = p_user;
                DELETE FROM device_grants WHERE user_id = p_user;
                DELETE FROM idempotency WHERE owner = p_user;
                UPDATE audit SET detail = '{}' WHERE actor = p_user OR subject = p_user;
                DELETE FROM users WHERE id = p_user;
                RETURN 'removed';
            END
            $$
            """
    )
}
