-- Takes a batch of changes in one transaction: arrays of sessions (s_) and of their items (i_), each session once, in the order of
-- their lookups, so that two batches never wait for each other in a circle. Versions decide; see engine.md, "Versions".
CREATE OR REPLACE FUNCTION {schema}.apply(
    p_namespace text, p_policy text, p_now bigint, p_node bigint, p_channel text, p_notes text[],
    s_lookup bytea[], s_long bytea[], s_rule text[], s_kind smallint[], s_subject text[], s_created bigint[], s_accessed bigint[],
    s_deadline bigint[], s_fixed boolean[], s_accesses bigint[], s_floor uuid[], s_newest uuid[], s_expires bigint[],
    s_parent bytea[], s_category text[], s_items integer[], s_bytes bigint[],
    i_owner integer[], i_lookup bytea[], i_long bytea[], i_version uuid[], i_removed boolean[], i_type text[], i_codec smallint[],
    i_length bigint[], i_value bytea[], i_doc jsonb[], i_words text[])
RETURNS TABLE (out_ord integer, out_applied boolean, out_existed boolean, out_newest uuid, out_number bigint)
LANGUAGE plpgsql SET search_path = pg_catalog AS $function$
#variable_conflict use_column
DECLARE
    none CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    fresh_ids bigint[]; fresh_ords integer[];
    old {schema}.session[]; old_ords integer[];
    r_ids bigint[]; r_deleted uuid[]; r_floor uuid[]; r_stale boolean[];
    e_ids bigint[]; e_taken bigint[]; e_items bigint[]; e_bytes bigint[];
    x_ids bigint[]; x_gone bigint[]; x_items bigint[]; x_bytes bigint[];
    v_number bigint;
    v_writes bigint;
BEGIN
    -- 1. Sessions that nobody knew: plain inserts, which is what most of a backlog is.
    WITH given AS (
        SELECT * FROM unnest(s_lookup, s_long, s_rule, s_kind, s_subject, s_created, s_accessed, s_deadline, s_fixed, s_accesses,
            s_floor, s_newest, s_expires, s_parent, s_category, s_items, s_bytes) WITH ORDINALITY AS g(lookup, long_key, rule, kind,
            subject, created_ms, accessed_ms, deadline_ms, fixed_deadline, accesses, floor, newest, expires_ms, parent, category,
            items, bytes, ord)
    ), made AS (
        INSERT INTO {schema}.session (namespace, policy, lookup, long_key, rule, kind, subject, created_ms, accessed_ms, deadline_ms,
            fixed_deadline, accesses, floor, deleted, newest, expires_ms, parent, category, written_hour, expires_hour, items, bytes)
        SELECT p_namespace, p_policy, lookup, long_key, rule, kind, subject, created_ms, accessed_ms, deadline_ms, fixed_deadline,
            accesses, floor, CASE WHEN rule IS NULL THEN floor ELSE none END, greatest(newest, floor), expires_ms, parent, category,
            {schema}.milliseconds_of(greatest(newest, floor)) / 3600000, least(expires_ms / 3600000, 2147483647), items, bytes
        FROM given ORDER BY ord
        ON CONFLICT (namespace, policy, lookup) DO NOTHING
        RETURNING id, lookup
    )
    SELECT array_agg(made.id), array_agg(given.ord::integer) INTO fresh_ids, fresh_ords FROM made JOIN given USING (lookup);

    INSERT INTO {schema}.item (session_id, lookup, long_name, version, removed, content_type, codec, length, value, doc, words)
    SELECT f.id, i.lookup, i.long_name, i.version, i.removed, i.content_type, i.codec, i.length, i.value, i.doc, to_tsvector('simple', i.words)
    FROM unnest(i_owner, i_lookup, i_long, i_version, i_removed, i_type, i_codec, i_length, i_value, i_doc, i_words)
            AS i(owner, lookup, long_name, version, removed, content_type, codec, length, value, doc, words)
        JOIN unnest(fresh_ids, fresh_ords) AS f(id, ord) ON f.ord = i.owner;

    INSERT INTO {schema}.category_change (namespace, policy, category, sessions, bytes)
    SELECT p_namespace, p_policy, g.category, count(*), sum(g.bytes)
    FROM unnest(s_category, s_rule, s_bytes) WITH ORDINALITY AS g(category, rule, bytes, ord) JOIN unnest(fresh_ords) AS f(ord) USING (ord)
    WHERE g.category IS NOT NULL AND g.rule IS NOT NULL GROUP BY g.category;

    RETURN QUERY SELECT f.ord, true, false, greatest(s_newest[f.ord], s_floor[f.ord]), 0::bigint FROM unnest(fresh_ords) AS f(ord);

    -- 2. Sessions that are there: held first, so that what is read of them next stays true to the end.
    IF cardinality(s_lookup) > coalesce(cardinality(fresh_ids), 0) THEN
        SELECT array_agg(h.held), array_agg(h.ord) INTO old, old_ords FROM (
            SELECT s AS held, g.ord::integer AS ord FROM unnest(s_lookup) WITH ORDINALITY AS g(lookup, ord)
                JOIN {schema}.session s ON s.namespace = p_namespace AND s.policy = p_policy AND s.lookup = g.lookup
            WHERE fresh_ids IS NULL OR s.id <> ALL (fresh_ids) ORDER BY g.ord FOR UPDATE OF s) h;

        -- A session that had expired and was made anew elsewhere does not get its old items back.
        SELECT array_agg(o.id), array_agg(greatest(o.deleted, CASE WHEN g.rule IS NULL THEN g.floor WHEN v.stale THEN o.newest ELSE none END)),
            array_agg(greatest(o.floor, g.floor)), array_agg(v.stale)
        INTO r_ids, r_deleted, r_floor, r_stale
        FROM unnest(old) WITH ORDINALITY AS o JOIN unnest(old_ords) WITH ORDINALITY AS k(ord, at) ON k.at = o.ordinality
            JOIN unnest(s_rule, s_floor, s_created) WITH ORDINALITY AS g(rule, floor, created_ms, ord) ON g.ord = k.ord
            CROSS JOIN LATERAL (SELECT o.rule IS NOT NULL AND least(o.expires_ms, o.deadline_ms) <= p_now
                AND g.rule IS NOT NULL AND g.created_ms <> o.created_ms AS stale) v;

        WITH gone AS (
            DELETE FROM {schema}.item i USING unnest(r_ids, r_deleted, r_floor) AS r(id, deleted, floor), unnest(old) AS o
            WHERE o.id = r.id AND (r.deleted > o.deleted OR r.floor > o.floor)
                AND i.session_id = r.id AND (i.version <= r.deleted OR i.version < r.floor)
            RETURNING i.session_id, i.removed, octet_length(i.value) AS bytes)
        SELECT array_agg(session_id), array_agg(gone), array_agg(items), array_agg(bytes) INTO x_ids, x_gone, x_items, x_bytes
        FROM (SELECT session_id, count(*) AS gone, count(*) FILTER (WHERE NOT removed) AS items, coalesce(sum(bytes), 0)::bigint AS bytes
              FROM gone GROUP BY session_id) t;

        WITH incoming AS (
            SELECT r.id, i.* FROM unnest(i_owner, i_lookup, i_long, i_version, i_removed, i_type, i_codec, i_length, i_value, i_doc, i_words)
                    AS i(owner, lookup, long_name, version, removed, content_type, codec, length, value, doc, words)
                JOIN unnest(old_ords) WITH ORDINALITY AS k(ord, at) ON k.ord = i.owner
                JOIN unnest(r_ids, r_deleted, r_floor) WITH ORDINALITY AS r(id, deleted, floor, at) ON r.at = k.at
            WHERE i.version > r.deleted AND i.version >= r.floor
        ), before AS (
            SELECT b.session_id, b.lookup, CASE WHEN b.removed THEN 0 ELSE 1 END AS items, coalesce(octet_length(b.value), 0) AS bytes
            FROM {schema}.item b JOIN incoming n ON b.session_id = n.id AND b.lookup = n.lookup
        ), put AS (
            INSERT INTO {schema}.item AS t (session_id, lookup, long_name, version, removed, content_type, codec, length, value, doc, words)
            SELECT id, lookup, long_name, version, removed, content_type, codec, length, value, doc, to_tsvector('simple', words) FROM incoming
            ON CONFLICT (session_id, lookup) DO UPDATE SET version = excluded.version, removed = excluded.removed,
                content_type = excluded.content_type, codec = excluded.codec, length = excluded.length, value = excluded.value,
                doc = excluded.doc, words = excluded.words
            WHERE excluded.version > t.version
            RETURNING t.session_id, t.lookup, CASE WHEN t.removed THEN 0 ELSE 1 END AS items, coalesce(octet_length(t.value), 0) AS bytes)
        SELECT array_agg(id), array_agg(taken), array_agg(items), array_agg(bytes) INTO e_ids, e_taken, e_items, e_bytes
        FROM (SELECT n.id, count(p.lookup) AS taken,
                  coalesce(sum(p.items - coalesce(b.items, 0)), 0)::bigint AS items, coalesce(sum(p.bytes - coalesce(b.bytes, 0)), 0)::bigint AS bytes
              FROM incoming n LEFT JOIN put p ON p.session_id = n.id AND p.lookup = n.lookup
                  LEFT JOIN before b ON b.session_id = n.id AND b.lookup = n.lookup GROUP BY n.id) t;

        RETURN QUERY
        WITH given AS (
            SELECT * FROM unnest(s_rule, s_kind, s_subject, s_created, s_accessed, s_deadline, s_fixed, s_accesses, s_floor, s_newest,
                s_expires, s_parent, s_category) WITH ORDINALITY AS g(rule, kind, subject, created_ms, accessed_ms, deadline_ms,
                fixed_deadline, accesses, floor, newest, expires_ms, parent, category, ord)
        ), offered AS (
            SELECT owner AS ord, count(*) AS items FROM unnest(i_owner) AS i(owner) GROUP BY owner
        ), weighed AS (
            SELECT o AS held, o.id, o.newest AS held_newest, g AS next, k.ord, r.deleted, r.floor, r.stale,
                g.rule IS NULL AND o.newest <= g.floor AS ends,
                g.rule IS NOT NULL AND (g.newest > r.deleted OR (g.newest = none AND o.rule IS NOT NULL AND NOT r.stale)) AS counts,
                o.rule IS NULL OR r.stale AS absent,
                coalesce(e.taken, 0) AS taken, coalesce(f.items, 0) AS offered, coalesce(x.gone, 0) AS gone,
                o.items + coalesce(e.items, 0) - coalesce(x.items, 0) AS items, o.bytes + coalesce(e.bytes, 0) - coalesce(x.bytes, 0) AS bytes
            FROM unnest(old) WITH ORDINALITY AS o JOIN unnest(old_ords) WITH ORDINALITY AS k(ord, at) ON k.at = o.ordinality
                JOIN unnest(r_ids, r_deleted, r_floor, r_stale) AS r(id, deleted, floor, stale) ON r.id = o.id
                JOIN given g ON g.ord = k.ord
                LEFT JOIN offered f ON f.ord = k.ord
                LEFT JOIN unnest(e_ids, e_taken, e_items, e_bytes) AS e(id, taken, items, bytes) ON e.id = o.id
                LEFT JOIN unnest(x_ids, x_gone, x_items, x_bytes) AS x(id, gone, items, bytes) ON x.id = o.id
        ), decided AS (
            SELECT w.*, counts AND (absent OR (next).accessed_ms > (held).accessed_ms
                    OR ((next).accessed_ms = (held).accessed_ms AND (next).newest > held_newest)) AS heads,
                counts AND (absent OR (next).newest > held_newest OR ((next).accessed_ms > (held).accessed_ms
                    AND ((next).newest = held_newest OR NOT ((held).fixed_deadline OR (next).fixed_deadline)))) AS ages,
                greatest(held_newest, (next).newest, deleted, floor) AS newest
            FROM weighed w
        ), written AS (
            UPDATE {schema}.session s SET
                packed = s.packed AND taken = 0, deleted = d.deleted, floor = d.floor, newest = d.newest, items = d.items, bytes = d.bytes,
                written_hour = {schema}.milliseconds_of(d.newest) / 3600000,
                rule = CASE WHEN ends THEN NULL WHEN heads THEN (next).rule ELSE s.rule END,
                kind = CASE WHEN heads THEN (next).kind ELSE s.kind END,
                subject = CASE WHEN ends THEN NULL WHEN heads THEN coalesce((next).subject, CASE WHEN NOT absent THEN s.subject END) ELSE s.subject END,
                parent = CASE WHEN ends THEN NULL WHEN heads THEN (next).parent ELSE s.parent END,
                category = CASE WHEN ends THEN NULL WHEN heads THEN (next).category ELSE s.category END,
                created_ms = CASE WHEN heads THEN (next).created_ms ELSE s.created_ms END,
                accessed_ms = CASE WHEN heads THEN (next).accessed_ms ELSE s.accessed_ms END,
                accesses = CASE WHEN heads THEN (next).accesses ELSE s.accesses END,
                deadline_ms = CASE WHEN ages THEN (next).deadline_ms ELSE s.deadline_ms END,
                fixed_deadline = CASE WHEN ages THEN (next).fixed_deadline ELSE s.fixed_deadline END,
                expires_ms = CASE WHEN ends THEN (next).expires_ms WHEN heads THEN (next).expires_ms ELSE s.expires_ms END,
                expires_hour = least(CASE WHEN ends OR heads THEN (next).expires_ms ELSE s.expires_ms END / 3600000, 2147483647)
            FROM decided d WHERE s.id = d.id
            RETURNING s.id, s.rule, s.category, s.bytes
        ), counted AS (
            INSERT INTO {schema}.category_change (namespace, policy, category, sessions, bytes)
            SELECT p_namespace, p_policy, category, sum(sessions), sum(bytes) FROM (
                SELECT category, 1 AS sessions, bytes FROM written WHERE rule IS NOT NULL
                UNION ALL SELECT o.category, -1, -o.bytes FROM unnest(old) AS o WHERE o.rule IS NOT NULL) t
            WHERE category IS NOT NULL GROUP BY category HAVING sum(sessions) <> 0 OR sum(bytes) <> 0
        )
        SELECT d.ord, CASE WHEN (next).rule IS NULL THEN gone > 0 OR (ends AND deleted > (held).deleted)
                           ELSE taken > 0 OR gone > 0 OR (offered = 0 AND counts AND ((next).newest > held_newest OR heads)) END,
            (held).rule IS NOT NULL AND least((held).expires_ms, (held).deadline_ms) > p_now, d.newest, 0::bigint
        FROM decided d JOIN written USING (id);
    END IF;

    -- 3. The announcement, numbered by this sidecar, heard when and only when the transaction commits. The row is held last:
    -- from here to the commit there is nothing to wait for.
    INSERT INTO {schema}.node AS n (namespace, policy, node, number, writes, seen_ms)
    VALUES (p_namespace, p_policy, p_node, cardinality(p_notes), 1, p_now)
    ON CONFLICT (namespace, policy, node) DO UPDATE SET number = n.number + cardinality(p_notes), writes = n.writes + 1, seen_ms = p_now
    RETURNING number, writes INTO v_number, v_writes;
    PERFORM pg_notify(p_channel, p_node || ' ' || (v_number - cardinality(p_notes) + t.at) || ' ' || t.note)
    FROM unnest(p_notes) WITH ORDINALITY AS t(note, at) ORDER BY t.at;
    RETURN QUERY SELECT 0, true, NULL::boolean, none, v_writes;
END $function$;
