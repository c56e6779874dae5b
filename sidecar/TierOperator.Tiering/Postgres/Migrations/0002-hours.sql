-- Retention by age and the removal of what has expired need an order by time. Exact times in an index would make every touch
-- write every index of the row; whole hours change rarely, so that most updates stay within their page.
ALTER TABLE {schema}.session ADD COLUMN written_hour integer;
ALTER TABLE {schema}.session ADD COLUMN expires_hour integer;

CREATE FUNCTION {schema}.milliseconds_of(version uuid) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ('x' || left(replace(version::text, '-', ''), 12))::bit(48)::bigint;

UPDATE {schema}.session SET
    written_hour = {schema}.milliseconds_of(newest) / 3600000,
    expires_hour = least(expires_ms / 3600000, 2147483647);

ALTER TABLE {schema}.session ALTER COLUMN written_hour SET NOT NULL;
ALTER TABLE {schema}.session ALTER COLUMN expires_hour SET NOT NULL;
CREATE INDEX session_age ON {schema}.session (namespace, policy, category, written_hour, id) WHERE category IS NOT NULL;
CREATE INDEX session_expiry ON {schema}.session (namespace, policy, expires_hour);
