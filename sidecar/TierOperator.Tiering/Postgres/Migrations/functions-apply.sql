-- Takes a batch of changes in one transaction: arrays of sessions (s_) and of their items (i_), each session once, in the order of
-- their lookups, so that two batches never wait for each other in a circle. Versions decide, item by item.
-- What belongs to a session is found by its place in the arrays, or summed up by its id, never joined: a join of arrays is planned
-- as a loop in a loop, which made a batch of 500 take a second.
CREATE OR REPLACE FUNCTION {schema}.apply(
    p_namespace text, p_policy text, p_now bigint, p_node bigint, p_channel text, p_notes text[],
    s_lookup bytea[], s_long bytea[], s_rule text[], s_kind smallint[], s_subject text[], s_created bigint[], s_accessed bigint[],
    s_deadline bigint[], s_fixed boolean[], s_accesses bigint[], s_floor uuid[], s_newest uuid[], s_expires bigint[],
    s_parent bytea[], s_category text[], s_items integer[], s_bytes bigint[],
    i_owner integer[], i_lookup bytea[], i_long bytea[], i_version uuid[], i_removed boolean[], i_type text[], i_codec smallint[],
    i_length bigint[], i_value bytea[], i_doc jsonb[], i_words text[])
RETURNS TABLE (out_ord integer, out_applied boolean, out_existed boolean, out_newest uuid, out_number bigint)
LANGUAGE plpgsql SET search_path = pg_catalog SET plan_cache_mode = force_generic_plan AS $function$
#variable_conflict use_column
DECLARE
    none CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    fresh bigint[];           -- by place: the id of a session that this call has made, else 0
    made_of bytea[];          -- the lookups of those
    old {schema}.session[];   -- those that were there, and their places
    places integer[];
    ends_at boolean[];        -- by place: whether the change is a delete
    ids bigint[];             -- by place: the id of a session that was there, else 0
    r_deleted uuid[]; r_floor uuid[];  -- by place: what nothing may be at, or below
    r_stale boolean[];        -- as old
    taken bigint[]; offered bigint[]; gone bigint[]; more_items bigint[]; more_bytes bigint[];  -- as old
    v_number bigint;
    v_writes bigint;
BEGIN
    -- 1. Sessions that nobody knew: plain inserts, which is what most of a backlog is.
    WITH made AS (
        INSERT INTO {schema}.session (namespace, policy, lookup, long_key, rule, kind, subject, created_ms, accessed_ms, deadline_ms,
            fixed_deadline, accesses, floor, deleted, newest, expires_ms, parent, category, written_hour, expires_hour, items, bytes)
        SELECT p_namespace, p_policy, lookup, long_key, rule, kind, subject, created_ms, accessed_ms, deadline_ms, fixed_deadline,
            accesses, floor, CASE WHEN rule IS NULL THEN floor ELSE none END, greatest(newest, floor), expires_ms, parent, category,
            {schema}.milliseconds_of(greatest(newest, floor)) / 3600000, least(expires_ms / 3600000, 2147483647), items, bytes
        FROM unnest(s_lookup, s_long, s_rule, s_kind, s_subject, s_created, s_accessed, s_deadline, s_fixed, s_accesses, s_floor,
            s_newest, s_expires, s_parent, s_category, s_items, s_bytes) AS g(lookup, long_key, rule, kind, subject, created_ms,
            accessed_ms, deadline_ms, fixed_deadline, accesses, floor, newest, expires_ms, parent, category, items, bytes)
        WHERE newest <> none OR floor <> none -- a touch makes nothing
        ON CONFLICT (namespace, policy, lookup) DO NOTHING
        RETURNING id, lookup)
    SELECT array_agg(id), array_agg(lookup) INTO fresh, made_of FROM made;

    -- All of them, in their order, is what a backlog's batch comes to: then the ids stand at their places already.
    IF made_of IS DISTINCT FROM s_lookup THEN
        SELECT array_agg(id ORDER BY ord) INTO fresh FROM (
            SELECT max(ord) AS ord, max(id) AS id FROM (
                SELECT lookup, ord, 0 AS id FROM unnest(s_lookup) WITH ORDINALITY AS g(lookup, ord)
                UNION ALL SELECT lookup, 0, id FROM unnest(made_of, fresh) AS m(lookup, id)) u GROUP BY lookup) t;
    END IF;

    INSERT INTO {schema}.item (session_id, lookup, long_name, version, removed, content_type, codec, length, value, doc, words, removed_hour)
    SELECT fresh[owner], lookup, long_name, version, removed, content_type, codec, length, value, doc, to_tsvector('simple', words),
        CASE WHEN removed THEN {schema}.milliseconds_of(version) / 3600000 END
    FROM unnest(i_owner, i_lookup, i_long, i_version, i_removed, i_type, i_codec, i_length, i_value, i_doc, i_words)
        AS i(owner, lookup, long_name, version, removed, content_type, codec, length, value, doc, words)
    WHERE fresh[owner] <> 0;

    INSERT INTO {schema}.category_change (namespace, policy, category, sessions, bytes)
    SELECT p_namespace, p_policy, category, count(*), sum(bytes)
    FROM unnest(s_category, s_rule, s_bytes) WITH ORDINALITY AS g(category, rule, bytes, ord)
    WHERE fresh[ord] <> 0 AND category IS NOT NULL AND rule IS NOT NULL GROUP BY category;

    RETURN QUERY SELECT f.ord::integer, true, false, greatest(s_newest[f.ord], s_floor[f.ord]), 0::bigint
    FROM unnest(fresh) WITH ORDINALITY AS f(id, ord) WHERE f.id <> 0;

    -- 2. Sessions that are there: held first, so that what is read of them next stays true to the end.
    IF 0 = ANY (fresh) THEN
        SELECT array_agg(h.held ORDER BY h.ord), array_agg(h.ord ORDER BY h.ord) INTO old, places FROM (
            SELECT x.held, g.ord::integer AS ord FROM unnest(s_lookup) WITH ORDINALITY AS g(lookup, ord) CROSS JOIN LATERAL (
                SELECT s AS held FROM {schema}.session s
                WHERE s.namespace = p_namespace AND s.policy = p_policy AND s.lookup = g.lookup FOR UPDATE) x
            WHERE fresh[g.ord] = 0) h;

        -- A session that had expired and was made anew elsewhere does not get its old items back.
        SELECT array_agg(rule IS NULL) INTO ends_at FROM unnest(s_rule) AS g(rule);
        ids := array_fill(0::bigint, ARRAY[cardinality(s_lookup)]);
        r_deleted := array_fill(none, ARRAY[cardinality(s_lookup)]);
        r_floor := r_deleted;
        FOR at IN 1 .. coalesce(cardinality(old), 0) LOOP
            DECLARE
                place CONSTANT integer := places[at];
                o CONSTANT {schema}.session := old[at];
                stale CONSTANT boolean := o.rule IS NOT NULL AND least(o.expires_ms, o.deadline_ms) <= p_now
                    AND NOT ends_at[place] AND s_created[place] <> o.created_ms;
            BEGIN
                ids[place] := o.id;
                r_stale[at] := stale;
                r_deleted[place] := greatest(o.deleted, CASE WHEN ends_at[place] THEN s_floor[place] WHEN stale THEN o.newest ELSE none END);
                r_floor[place] := greatest(o.floor, s_floor[place]);
            END;
        END LOOP;

        WITH raised AS (
            SELECT o.id, r_deleted[places[o.ordinality]] AS deleted, r_floor[places[o.ordinality]] AS floor
            FROM unnest(old) WITH ORDINALITY AS o
            WHERE r_deleted[places[o.ordinality]] > o.deleted OR r_floor[places[o.ordinality]] > o.floor
        ), cleared AS (
            DELETE FROM {schema}.item i USING raised r
            WHERE i.session_id = r.id AND (i.version <= r.deleted OR i.version < r.floor)
            RETURNING i.session_id AS id, CASE WHEN i.removed THEN 0 ELSE 1 END AS items, coalesce(octet_length(i.value), 0) AS bytes
        )
        SELECT array_agg(t.gone ORDER BY t.at), array_agg(t.items ORDER BY t.at), array_agg(t.bytes ORDER BY t.at) INTO gone, more_items, more_bytes FROM (
            SELECT max(at) AS at, sum(n)::bigint AS gone, -sum(items)::bigint AS items, -sum(bytes)::bigint AS bytes FROM (
                SELECT o.id, o.ordinality AS at, 0 AS n, 0 AS items, 0 AS bytes FROM unnest(old) WITH ORDINALITY AS o
                UNION ALL SELECT id, 0, 1, items, bytes FROM cleared) u GROUP BY id) t;

        WITH incoming AS (
            SELECT ids[i.owner] AS id, i.* FROM unnest(i_owner, i_lookup, i_long, i_version, i_removed, i_type, i_codec, i_length, i_value, i_doc, i_words)
                AS i(owner, lookup, long_name, version, removed, content_type, codec, length, value, doc, words)
            WHERE ids[i.owner] <> 0 AND i.version > r_deleted[i.owner] AND i.version >= r_floor[i.owner]
        ), before AS (
            SELECT b.session_id, b.lookup, CASE WHEN b.removed THEN 0 ELSE 1 END AS items, coalesce(octet_length(b.value), 0) AS bytes
            FROM incoming n CROSS JOIN LATERAL (
                SELECT * FROM {schema}.item b WHERE b.session_id = n.id AND b.lookup = n.lookup OFFSET 0) b
        ), put AS (
            INSERT INTO {schema}.item AS t (session_id, lookup, long_name, version, removed, content_type, codec, length, value, doc, words, removed_hour)
            SELECT id, lookup, long_name, version, removed, content_type, codec, length, value, doc, to_tsvector('simple', words),
                CASE WHEN removed THEN {schema}.milliseconds_of(version) / 3600000 END FROM incoming
            ON CONFLICT (session_id, lookup) DO UPDATE SET version = excluded.version, removed = excluded.removed,
                content_type = excluded.content_type, codec = excluded.codec, length = excluded.length, value = excluded.value,
                doc = excluded.doc, words = excluded.words, removed_hour = excluded.removed_hour
            WHERE excluded.version > t.version
            RETURNING t.session_id, t.lookup, CASE WHEN t.removed THEN 0 ELSE 1 END AS items, coalesce(octet_length(t.value), 0) AS bytes
        ), changed AS (
            SELECT session_id, sum(puts) AS puts, sum(items) AS items, sum(bytes) AS bytes FROM (
                SELECT session_id, lookup, 1 AS puts, items, bytes FROM put
                UNION ALL SELECT session_id, lookup, 0, -items, -bytes FROM before) u
            GROUP BY session_id, lookup HAVING sum(puts) > 0
        )
        SELECT array_agg(t.puts ORDER BY t.at), array_agg(t.offers ORDER BY t.at), array_agg(more_items[t.at] + t.items ORDER BY t.at),
            array_agg(more_bytes[t.at] + t.bytes ORDER BY t.at) INTO taken, offered, more_items, more_bytes
        FROM (
            SELECT max(at) AS at, sum(puts)::bigint AS puts, sum(offers)::bigint AS offers, sum(items)::bigint AS items, sum(bytes)::bigint AS bytes FROM (
                SELECT o.id, o.ordinality AS at, 0 AS puts, 0 AS offers, 0 AS items, 0 AS bytes FROM unnest(old) WITH ORDINALITY AS o
                UNION ALL SELECT session_id, 0, puts, 0, items, bytes FROM changed
                UNION ALL SELECT ids[owner], 0, 0, 1, 0, 0 FROM unnest(i_owner) AS i(owner) WHERE ids[owner] <> 0) u GROUP BY id) t;

        RETURN QUERY
        WITH weighed AS (
            SELECT o.*, o.ordinality AS at, places[o.ordinality] AS ord, ends_at[places[o.ordinality]] AS is_delete,
                r_deleted[places[o.ordinality]] AS next_deleted, r_floor[places[o.ordinality]] AS next_floor,
                s_newest[places[o.ordinality]] AS next_newest, s_accessed[places[o.ordinality]] AS next_accessed,
                s_fixed[places[o.ordinality]] AS next_fixed, s_expires[places[o.ordinality]] AS next_expires,
                o.rule IS NULL OR r_stale[o.ordinality] AS absent
            FROM unnest(old) WITH ORDINALITY AS o
        ), counted AS (
            SELECT w.*, is_delete AND newest <= s_floor[ord] AS ends,
                NOT is_delete AND (next_newest > next_deleted OR (next_newest = none AND NOT absent)) AS counts
            FROM weighed w
        ), decided AS (
            SELECT c.*, counts AND (absent OR next_accessed > accessed_ms OR (next_accessed = accessed_ms AND next_newest > newest)) AS heads,
                counts AND (absent OR next_newest > newest OR (next_accessed > accessed_ms
                    AND (next_newest = newest OR NOT (fixed_deadline OR next_fixed)))) AS ages,
                greatest(newest, next_newest, next_deleted, next_floor) AS newest_now
            FROM counted c
        ), written AS (
            UPDATE {schema}.session s SET
                packed = s.packed AND taken[at] = 0, deleted = next_deleted, floor = next_floor, newest = newest_now,
                items = d.items + more_items[at], bytes = d.bytes + more_bytes[at],
                written_hour = {schema}.milliseconds_of(newest_now) / 3600000,
                rule = CASE WHEN ends THEN NULL WHEN heads THEN s_rule[ord] ELSE s.rule END,
                kind = CASE WHEN heads THEN s_kind[ord] ELSE s.kind END,
                subject = CASE WHEN ends THEN NULL WHEN heads THEN coalesce(s_subject[ord], CASE WHEN NOT absent THEN s.subject END) ELSE s.subject END,
                parent = CASE WHEN ends THEN NULL WHEN heads THEN s_parent[ord] ELSE s.parent END,
                category = CASE WHEN ends THEN NULL WHEN heads THEN s_category[ord] ELSE s.category END,
                created_ms = CASE WHEN heads THEN s_created[ord] ELSE s.created_ms END,
                accessed_ms = CASE WHEN heads THEN next_accessed ELSE s.accessed_ms END,
                accesses = CASE WHEN heads THEN s_accesses[ord] ELSE s.accesses END,
                deadline_ms = CASE WHEN ages THEN s_deadline[ord] ELSE s.deadline_ms END,
                fixed_deadline = CASE WHEN ages THEN next_fixed ELSE s.fixed_deadline END,
                expires_ms = CASE WHEN ends OR heads THEN next_expires ELSE s.expires_ms END,
                expires_hour = least(CASE WHEN ends OR heads THEN next_expires ELSE s.expires_ms END / 3600000, 2147483647)
            FROM decided d WHERE s.id = d.id
            RETURNING s.rule, s.category, s.bytes
        ), totals AS (
            INSERT INTO {schema}.category_change (namespace, policy, category, sessions, bytes)
            SELECT p_namespace, p_policy, category, sum(sessions), sum(bytes) FROM (
                SELECT category, 1 AS sessions, bytes FROM written WHERE rule IS NOT NULL
                UNION ALL SELECT o.category, -1, -o.bytes FROM unnest(old) AS o WHERE o.rule IS NOT NULL) t
            WHERE category IS NOT NULL GROUP BY category HAVING sum(sessions) <> 0 OR sum(bytes) <> 0
        )
        SELECT ord, CASE WHEN is_delete THEN gone[at] > 0 OR (ends AND next_deleted > deleted)
                         ELSE taken[at] > 0 OR gone[at] > 0 OR (offered[at] = 0 AND counts AND (next_newest > newest OR heads)) END,
            rule IS NOT NULL AND least(expires_ms, deadline_ms) > p_now, newest_now, 0::bigint
        FROM decided;

        RETURN QUERY SELECT g.ord::integer, false, false, none, 0::bigint
        FROM unnest(s_lookup) WITH ORDINALITY AS g(lookup, ord) WHERE fresh[g.ord] = 0 AND ids[g.ord] = 0;
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
