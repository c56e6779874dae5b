-- Takes one change if its condition holds, in one transaction. A session that nobody knew is made as an empty tombstone first,
-- so that of two who create it one waits for the other. Answers out_met false where the condition does not hold.
CREATE OR REPLACE FUNCTION {schema}.apply_if(
    c_item bytea, c_must_exist boolean, c_must_not_exist boolean, c_any uuid[], c_unchanged uuid,
    p_namespace text, p_policy text, p_now bigint, p_node bigint, p_channel text, p_notes text[],
    s_lookup bytea[], s_long bytea[], s_rule text[], s_kind smallint[], s_subject text[], s_created bigint[], s_accessed bigint[],
    s_deadline bigint[], s_fixed boolean[], s_accesses bigint[], s_floor uuid[], s_newest uuid[], s_expires bigint[],
    s_parent bytea[], s_category text[], s_items integer[], s_bytes bigint[],
    i_owner integer[], i_lookup bytea[], i_long bytea[], i_version uuid[], i_removed boolean[], i_type text[], i_codec smallint[],
    i_length bigint[], i_value bytea[], i_doc jsonb[], i_words text[])
RETURNS TABLE (out_ord integer, out_applied boolean, out_existed boolean, out_newest uuid, out_number bigint, out_met boolean)
LANGUAGE plpgsql SET search_path = pg_catalog AS $function$
#variable_conflict use_column
DECLARE
    none CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    held {schema}.session;
    made boolean;
    lives boolean;
    present uuid;
    existed boolean;
BEGIN
    INSERT INTO {schema}.session (namespace, policy, lookup, long_key, created_ms, accessed_ms, deadline_ms, fixed_deadline, accesses,
        floor, deleted, newest, expires_ms, written_hour, expires_hour, items, bytes)
    VALUES (p_namespace, p_policy, s_lookup[1], s_long[1], 0, 0, 0, false, 0, none, none, none, 0, 0, 0, 0, 0)
    ON CONFLICT (namespace, policy, lookup) DO NOTHING;
    made := FOUND;
    SELECT * INTO held FROM {schema}.session s
    WHERE s.namespace = p_namespace AND s.policy = p_policy AND s.lookup = s_lookup[1] FOR UPDATE;

    lives := held.rule IS NOT NULL AND least(held.expires_ms, held.deadline_ms) > p_now;
    IF c_item IS NOT NULL AND lives THEN
        SELECT version INTO present FROM {schema}.item WHERE session_id = held.id AND lookup = c_item AND NOT removed;
    END IF;
    existed := CASE WHEN c_item IS NULL THEN lives ELSE present IS NOT NULL END;

    IF (c_must_exist AND NOT existed) OR (c_must_not_exist AND existed)
        OR (c_any IS NOT NULL AND NOT coalesce(coalesce(present, CASE WHEN c_item IS NULL AND lives THEN held.newest END) = ANY (c_any), false))
        OR (c_unchanged IS NOT NULL AND c_unchanged <> held.newest) THEN
        IF made THEN DELETE FROM {schema}.session WHERE id = held.id; END IF;
        RETURN QUERY SELECT 1, false, existed, held.newest, NULL::bigint, false;
        RETURN;
    END IF;

    -- Decided on what stands here: so it must also be newer than that, or a part of it would be dropped as old.
    IF greatest(s_newest[1], s_floor[1]) <= held.newest THEN
        RETURN QUERY SELECT 1, false, existed, held.newest, NULL::bigint, true;
        RETURN;
    END IF;

    RETURN QUERY SELECT a.out_ord, a.out_applied, CASE WHEN a.out_ord = 0 THEN NULL ELSE existed END, a.out_newest, a.out_number, true
    FROM {schema}.apply(p_namespace, p_policy, p_now, p_node, p_channel, p_notes, s_lookup, s_long, s_rule, s_kind, s_subject,
        s_created, s_accessed, s_deadline, s_fixed, s_accesses, s_floor, s_newest, s_expires, s_parent, s_category, s_items, s_bytes,
        i_owner, i_lookup, i_long, i_version, i_removed, i_type, i_codec, i_length, i_value, i_doc, i_words) a;
END $function$;
