-- Retention by size and count needs totals without counting: each session knows its own items and bytes, and each write adds
-- its difference to its category. Differences are rows of their own, which nobody waits for; retention folds them.
ALTER TABLE {schema}.session ADD COLUMN items integer;
ALTER TABLE {schema}.session ADD COLUMN bytes bigint;

UPDATE {schema}.session s SET items = 0, bytes = 0;
UPDATE {schema}.session s SET items = i.items, bytes = i.bytes
FROM (SELECT session_id, count(*) AS items, sum(octet_length(value)) AS bytes
      FROM {schema}.item WHERE NOT removed GROUP BY session_id) i
WHERE i.session_id = s.id;

ALTER TABLE {schema}.session ALTER COLUMN items SET NOT NULL;
ALTER TABLE {schema}.session ALTER COLUMN bytes SET NOT NULL;

CREATE TABLE {schema}.category_change (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    namespace text NOT NULL,
    policy    text NOT NULL,
    category  text NOT NULL,
    sessions  bigint NOT NULL,
    bytes     bigint NOT NULL
);
CREATE INDEX category_change_of ON {schema}.category_change (namespace, policy, category);

INSERT INTO {schema}.category_change (namespace, policy, category, sessions, bytes)
SELECT namespace, policy, category, count(*), sum(bytes)
FROM {schema}.session WHERE rule IS NOT NULL AND category IS NOT NULL
GROUP BY namespace, policy, category;
