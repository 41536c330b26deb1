-- Word lists: what a company wants to find in messages and posts besides what the inspector knows.
-- Both engines run this file as it stands.

-- A list. kind: terms (words and phrases) or kinds (patterns of numbers that only this company uses). code names it in findings and never
-- changes; version is the newest of its versions, which is the one in force.
CREATE TABLE word_lists (
    id BYTEA PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL
);

-- What a list said, version by version. Rows are added and never changed. effect: flag (found and shown) or block (never published).
CREATE TABLE word_list_versions (
    list_id BYTEA NOT NULL REFERENCES word_lists (id),
    version BIGINT NOT NULL,
    name TEXT NOT NULL,
    effect TEXT NOT NULL,
    is_on BOOLEAN NOT NULL,
    text TEXT NOT NULL,
    saved_by BYTEA,
    saved_at_ms BIGINT NOT NULL,
    PRIMARY KEY (list_id, version)
);

-- Counts every change of any list: a process that has seen another number reads the lists again.
INSERT INTO counters (name, value) VALUES ('word_lists', 0);
