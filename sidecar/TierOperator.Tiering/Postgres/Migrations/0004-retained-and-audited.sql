-- What retention keeps of what it takes, what a tier refused for good, and how conflicts were decided.
ALTER TABLE {schema}.session ADD COLUMN packed boolean NOT NULL DEFAULT false;

CREATE TABLE {schema}.archive (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    namespace   text NOT NULL,
    policy      text NOT NULL,
    category    text NOT NULL,
    lookup      bytea NOT NULL,
    long_key    bytea,
    subject     text,
    written_ms  bigint NOT NULL,
    archived_ms bigint NOT NULL,
    rule        text NOT NULL
);
CREATE INDEX archive_key ON {schema}.archive (namespace, policy, lookup);
CREATE INDEX archive_subject ON {schema}.archive (namespace, policy, subject) WHERE subject IS NOT NULL;

CREATE TABLE {schema}.archive_item (
    archive_id   bigint NOT NULL REFERENCES {schema}.archive ON DELETE CASCADE,
    lookup       bytea NOT NULL,
    long_name    bytea,
    version      uuid NOT NULL,
    content_type text,
    codec        smallint NOT NULL,
    length       bigint NOT NULL,
    value        bytea,
    PRIMARY KEY (archive_id, lookup)
);
ALTER TABLE {schema}.archive_item ALTER COLUMN value SET STORAGE EXTERNAL;

CREATE TABLE {schema}.aggregate (
    namespace text NOT NULL,
    policy    text NOT NULL,
    category  text NOT NULL,
    groups    jsonb NOT NULL,
    sums      jsonb NOT NULL,
    sessions  bigint NOT NULL,
    PRIMARY KEY (namespace, policy, category, groups)
);

CREATE TABLE {schema}.dead_letter (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    namespace   text NOT NULL,
    policy      text NOT NULL,
    node        bigint NOT NULL,
    noted_ms    bigint NOT NULL,
    session     bytea NOT NULL,
    reason      text NOT NULL
);
CREATE INDEX dead_letter_of ON {schema}.dead_letter (namespace, policy, id);

CREATE TABLE {schema}.conflict (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    namespace text NOT NULL,
    policy    text NOT NULL,
    node      bigint NOT NULL,
    noted_ms  bigint NOT NULL,
    session   bytea NOT NULL,
    item      bytea NOT NULL,
    strategy  text NOT NULL,
    winner    uuid NOT NULL,
    loser     uuid NOT NULL
);
CREATE INDEX conflict_of ON {schema}.conflict (namespace, policy, id);
