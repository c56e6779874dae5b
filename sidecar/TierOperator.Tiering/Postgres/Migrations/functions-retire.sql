-- Ends sessions that retention chose, or that have expired: they become tombstones at the very version that was seen, so that one
-- written since stays, and a late replay of what was there does not come back. Answers the ids that it took.
CREATE OR REPLACE FUNCTION {schema}.retire(
    p_namespace text, p_policy text, p_now bigint, p_expires bigint, p_ids bigint[], p_newest uuid[], p_archive boolean)
RETURNS SETOF bigint LANGUAGE plpgsql SET search_path = pg_catalog AS $function$
#variable_conflict use_column
DECLARE
    taken bigint[];
BEGIN
    SELECT array_agg(id) INTO taken FROM (
        SELECT s.id FROM unnest(p_ids, p_newest) AS g(id, newest) JOIN {schema}.session s ON s.id = g.id AND s.newest = g.newest
        WHERE s.rule IS NOT NULL AND s.namespace = p_namespace AND s.policy = p_policy ORDER BY s.lookup FOR UPDATE OF s) h;
    IF taken IS NULL THEN RETURN; END IF;

    IF p_archive THEN
        WITH kept AS (
            INSERT INTO {schema}.archive (namespace, policy, category, lookup, long_key, subject, written_ms, archived_ms, rule)
            SELECT namespace, policy, category, lookup, long_key, subject, {schema}.milliseconds_of(newest), p_now, rule
            FROM {schema}.session WHERE id = ANY (taken)
            RETURNING id, lookup)
        INSERT INTO {schema}.archive_item (archive_id, lookup, long_name, version, content_type, codec, length, value)
        SELECT kept.id, i.lookup, i.long_name, i.version, i.content_type, i.codec, i.length, i.value
        FROM kept JOIN {schema}.session s ON s.namespace = p_namespace AND s.policy = p_policy AND s.lookup = kept.lookup
            JOIN {schema}.item i ON i.session_id = s.id WHERE NOT i.removed;
    END IF;

    INSERT INTO {schema}.category_change (namespace, policy, category, sessions, bytes)
    SELECT p_namespace, p_policy, category, -count(*), -sum(bytes) FROM {schema}.session
    WHERE id = ANY (taken) AND category IS NOT NULL GROUP BY category;
    DELETE FROM {schema}.item WHERE session_id = ANY (taken);
    UPDATE {schema}.session SET rule = NULL, subject = NULL, parent = NULL, category = NULL, items = 0, bytes = 0, deleted = newest,
        expires_ms = p_expires, expires_hour = least(p_expires / 3600000, 2147483647)
    WHERE id = ANY (taken);
    RETURN QUERY SELECT unnest(taken);
END $function$;
