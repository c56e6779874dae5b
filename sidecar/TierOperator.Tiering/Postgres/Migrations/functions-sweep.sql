-- Removes what is past its end: tombstones, sessions, removals of items that no replay can undo any more, and notes for a Redis that nobody
-- brought anything (of every policy: who made them may be gone). At most p_limit sessions a call, and none that somebody works on. Answers how
-- many sessions went.
CREATE OR REPLACE FUNCTION {schema}.sweep(p_namespace text, p_policy text, p_now bigint, p_removed_before uuid, p_limit integer)
RETURNS integer LANGUAGE plpgsql SET search_path = pg_catalog AS $function$
#variable_conflict use_column
DECLARE
    gone bigint[];
BEGIN
    SELECT array_agg(id) INTO gone FROM (
        SELECT id FROM {schema}.session
        WHERE namespace = p_namespace AND policy = p_policy AND expires_hour <= p_now / 3600000 AND expires_ms <= p_now
            AND expires_hour < 2147483647 -- which is what is in the index
        ORDER BY expires_hour LIMIT p_limit FOR UPDATE SKIP LOCKED) h;
    IF gone IS NOT NULL THEN
        INSERT INTO {schema}.category_change (namespace, policy, category, sessions, bytes)
        SELECT p_namespace, p_policy, category, -count(*), -sum(bytes) FROM {schema}.session
        WHERE id = ANY (gone) AND rule IS NOT NULL AND category IS NOT NULL GROUP BY category;
        DELETE FROM {schema}.item WHERE session_id = ANY (gone);
        DELETE FROM {schema}.session WHERE id = ANY (gone);
    END IF;

    DELETE FROM {schema}.item i USING (
        SELECT r.session_id, r.lookup FROM {schema}.item r JOIN {schema}.session s ON s.id = r.session_id
        WHERE r.removed_hour <= {schema}.milliseconds_of(p_removed_before) / 3600000 AND r.version < p_removed_before AND s.namespace = p_namespace AND s.policy = p_policy LIMIT p_limit) old
    WHERE i.session_id = old.session_id AND i.lookup = old.lookup AND i.removed AND i.version < p_removed_before;

    DELETE FROM {schema}.unheard WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM {schema}.unheard WHERE expires_hour < p_now / 3600000 LIMIT p_limit FOR UPDATE SKIP LOCKED));
    RETURN coalesce(cardinality(gone), 0);
END $function$;

-- Folds the differences of a category into one row, and answers the totals. Rows that others are adding stay for next time.
CREATE OR REPLACE FUNCTION {schema}.totals(p_namespace text, p_policy text, p_category text, OUT out_sessions bigint, OUT out_bytes bigint)
LANGUAGE plpgsql SET search_path = pg_catalog AS $function$
BEGIN
    WITH folded AS (
        DELETE FROM {schema}.category_change WHERE id IN (
            SELECT id FROM {schema}.category_change
            WHERE namespace = p_namespace AND policy = p_policy AND category = p_category FOR UPDATE SKIP LOCKED)
        RETURNING sessions, bytes)
    INSERT INTO {schema}.category_change (namespace, policy, category, sessions, bytes)
    SELECT p_namespace, p_policy, p_category, sum(sessions), sum(bytes) FROM folded HAVING count(*) > 0;
    SELECT coalesce(sum(sessions), 0)::bigint, coalesce(sum(bytes), 0)::bigint INTO out_sessions, out_bytes
    FROM {schema}.category_change WHERE namespace = p_namespace AND policy = p_policy AND category = p_category;
END $function$;
