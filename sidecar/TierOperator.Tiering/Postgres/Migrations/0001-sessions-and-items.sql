-- A session and its items. Keys and names may have 64 KiB, more than an index entry takes, so both are found by `lookup`:
-- the name itself up to 512 bytes, else its first 480 bytes, a SHA-256 of all of it and a closing byte.
-- A version is a uuid: 8 bytes of stamp, 4 of node, so that the newer one is the greater one. A session without `rule` is a
-- tombstone. Items have no foreign key: every writer holds the session's row, and the check would cost a third of a write.
CREATE TABLE {schema}.session (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    namespace      text NOT NULL,
    policy         text NOT NULL,
    lookup         bytea NOT NULL,
    long_key       bytea,
    rule           text,
    kind           smallint NOT NULL DEFAULT 0,
    subject        text,
    created_ms     bigint NOT NULL,
    accessed_ms    bigint NOT NULL,
    deadline_ms    bigint NOT NULL,
    fixed_deadline boolean NOT NULL,
    accesses       bigint NOT NULL,
    floor          uuid NOT NULL,
    deleted        uuid NOT NULL,
    newest         uuid NOT NULL,
    expires_ms     bigint NOT NULL,
    parent         bytea,
    category       text,
    UNIQUE (namespace, policy, lookup)
) WITH (fillfactor = 85);

CREATE INDEX session_subject ON {schema}.session (namespace, policy, subject) WHERE subject IS NOT NULL;
CREATE INDEX session_parent ON {schema}.session (namespace, policy, parent) WHERE parent IS NOT NULL;

-- `value` holds the exact bytes, because ETags promise them; `doc` is the same JSON in the form that can be queried.
CREATE TABLE {schema}.item (
    session_id   bigint NOT NULL,
    lookup       bytea NOT NULL,
    long_name    bytea,
    version      uuid NOT NULL,
    removed      boolean NOT NULL,
    content_type text,
    codec        smallint NOT NULL,
    length       bigint NOT NULL,
    value        bytea,
    doc          jsonb,
    words        tsvector,
    PRIMARY KEY (session_id, lookup)
);

-- Values come compressed by us: the server need not try again.
ALTER TABLE {schema}.item ALTER COLUMN value SET STORAGE EXTERNAL;
CREATE INDEX item_words ON {schema}.item USING gin (words) WHERE words IS NOT NULL;
CREATE INDEX item_removed ON {schema}.item (version) WHERE removed;

-- What each sidecar has done, one row a sidecar: `number` counts its announcements, so that a listener notices gaps; `writes` its
-- writes, so that it notices a server that has lost what it acknowledged.
CREATE TABLE {schema}.node (
    namespace text NOT NULL,
    policy    text NOT NULL,
    node      bigint NOT NULL,
    number    bigint NOT NULL,
    writes    bigint NOT NULL,
    seen_ms   bigint NOT NULL,
    PRIMARY KEY (namespace, policy, node)
) WITH (fillfactor = 50);
