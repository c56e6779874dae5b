-- A column of any index that a write changes makes the server write all of the row's indexes anew, and a new place for the row. The
-- version changes with every write; the hour of a removal only where something is removed. With some room left in each page most
-- writes then stay within it and touch no index.
ALTER TABLE {schema}.item ADD COLUMN removed_hour integer;
UPDATE {schema}.item SET removed_hour = {schema}.milliseconds_of(version) / 3600000 WHERE removed;
DROP INDEX {schema}.item_removed;
CREATE INDEX item_removed ON {schema}.item (removed_hour) WHERE removed_hour IS NOT NULL;
ALTER TABLE {schema}.item SET (fillfactor = 85);

-- While a table has no statistics yet, an index that begins with the same columns looks as good as the key for finding a session, and
-- was read from end to end. One that leaves out a few rows is never taken for it; what never expires need not be in it either.
DROP INDEX {schema}.session_expiry;
CREATE INDEX session_expiry ON {schema}.session (namespace, policy, expires_hour) WHERE expires_hour < 2147483647;
