-- Capture: connections to networks, the streams of the record, and the messages that are made from it.
-- Both engines run this file as it stands. Everything from `places` to `findings` is a projection of the ledger: it can be deleted and
-- made again from there. These tables grow to ten million rows and more, so they have no foreign keys (each would be a look-up per row),
-- an index only where a page or a job asks for it, and a text is stored once.

-- What connects a profile to its network. sealed_secrets opens with the context `connection/<profile id>`.
CREATE TABLE connections (
    profile_id BYTEA PRIMARY KEY REFERENCES profiles (id),
    method TEXT NOT NULL,
    sealed_secrets BYTEA NOT NULL,
    secrets_version BIGINT NOT NULL,
    settings TEXT NOT NULL,
    account TEXT NOT NULL,
    expires_at_ms BIGINT,
    missing_scopes TEXT NOT NULL,
    state TEXT NOT NULL,
    state_changed_at_ms BIGINT NOT NULL,
    connected_at_ms BIGINT NOT NULL,
    last_contact_at_ms BIGINT,
    last_message_at_ms BIGINT,
    lag_ms BIGINT,
    failures BIGINT NOT NULL,
    next_try_at_ms BIGINT,
    error_class TEXT,
    error_message TEXT,
    silent_after_ms BIGINT NOT NULL,
    silent_since_ms BIGINT
);

-- Round trips through a network that have begun. Only the digest of `state` is kept; the rest opens with `connecting/<id>`.
CREATE TABLE connect_attempts (
    id BYTEA PRIMARY KEY,
    state_digest BYTEA NOT NULL UNIQUE,
    person_id BYTEA NOT NULL,
    profile_id BYTEA,
    sealed BYTEA NOT NULL,
    created_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL
);

-- A profile's stream in the ledger. `applied` entries of it, from its first, are in the tables below; the ledger may be ahead of
-- that after a crash and never behind. `cursor` is the connector's own; it moves in the transaction that applies what it brought.
CREATE TABLE capture_streams (
    profile_id BYTEA PRIMARY KEY REFERENCES profiles (id),
    applied BIGINT NOT NULL,
    cursor TEXT,
    back_fill_state TEXT,
    back_fill_cursor TEXT,
    back_fill_at_ms BIGINT,
    heartbeat_at_ms BIGINT
);

-- A stretch that could not be read.
CREATE TABLE gaps (
    profile_id BYTEA NOT NULL,
    entry BIGINT NOT NULL,
    place TEXT,
    from_ms BIGINT,
    until_ms BIGINT,
    reason TEXT NOT NULL,
    noted_at_ms BIGINT NOT NULL,
    back_filled_at_ms BIGINT,
    PRIMARY KEY (profile_id, entry)
);

-- Channels, rooms, conversations, feeds. The id is a keyed digest of profile and native id.
CREATE TABLE places (
    id BYTEA PRIMARY KEY,
    profile_id BYTEA NOT NULL,
    native_id TEXT NOT NULL,
    name TEXT,
    kind TEXT NOT NULL
);
CREATE INDEX places_by_profile ON places (profile_id);

-- People and programs on networks. The id is a keyed digest of profile and native id, and the subject of the ledger's entries.
CREATE TABLE parties (
    id BYTEA PRIMARY KEY,
    profile_id BYTEA NOT NULL,
    native_id TEXT NOT NULL,
    handle TEXT,
    name TEXT,
    bot BOOLEAN NOT NULL
);

INSERT INTO counters (name, value) VALUES ('messages', 0);

-- What a message says now. `number` is its place in the order of arrival, `changed` the number of its last change; both come from the
-- counter 'messages', gapless and in commit order. `id` is the record id of its first entry, a keyed digest of profile and native id.
-- first_entry and text_entry are positions in the ledger: of the first post (null when it was never captured) and of what stands in text
-- (null when nothing but a deletion is known). posted_at_ms is the source's clock, or ours when it does not say.
CREATE TABLE messages (
    number BIGINT PRIMARY KEY,
    id BYTEA NOT NULL UNIQUE,
    changed BIGINT NOT NULL,
    profile_id BYTEA NOT NULL,
    native_id TEXT NOT NULL,
    place_id BYTEA NOT NULL,
    party_id BYTEA,
    posted_at_ms BIGINT NOT NULL,
    captured_at_ms BIGINT NOT NULL,
    first_entry BIGINT,
    text_entry BIGINT,
    text_at_ms BIGINT,
    edits BIGINT NOT NULL,
    deleted_at_ms BIGINT,
    text TEXT NOT NULL,
    subject TEXT,
    language TEXT,
    thread_id BYTEA,
    reply_to_id BYTEA,
    quotes_id BYTEA,
    mentions TEXT,
    links TEXT,
    permalink TEXT,
    attachments BIGINT NOT NULL,
    assessment BYTEA
);
CREATE UNIQUE INDEX messages_by_change ON messages (changed);
CREATE INDEX messages_by_profile ON messages (profile_id, number);
CREATE INDEX messages_by_place ON messages (place_id, number);
CREATE INDEX messages_by_thread ON messages (thread_id, posted_at_ms) WHERE thread_id IS NOT NULL;

-- Further entries of a message: edits, source deletions. The first post stands in `messages`; what they said is in the ledger.
CREATE TABLE revisions (
    message BIGINT NOT NULL,
    entry BIGINT NOT NULL,
    record_id BYTEA NOT NULL,
    kind TEXT NOT NULL,
    revision TEXT NOT NULL,
    party_id BYTEA,
    source_time_ms BIGINT,
    captured_at_ms BIGINT NOT NULL,
    PRIMARY KEY (message, entry)
);

-- By message id, because a reaction may arrive before its message, or without it.
CREATE TABLE reactions (
    message_id BYTEA NOT NULL,
    party_id BYTEA NOT NULL,
    reaction TEXT NOT NULL,
    added BOOLEAN NOT NULL,
    at_ms BIGINT NOT NULL,
    entry BIGINT NOT NULL,
    PRIMARY KEY (message_id, party_id, reaction)
);

-- Comings and goings, changes of a place, and what a connector does not understand yet.
CREATE TABLE place_events (
    profile_id BYTEA NOT NULL,
    entry BIGINT NOT NULL,
    place_id BYTEA NOT NULL,
    party_id BYTEA,
    kind TEXT NOT NULL,
    change TEXT NOT NULL,
    source_time_ms BIGINT,
    captured_at_ms BIGINT NOT NULL,
    PRIMARY KEY (profile_id, entry)
);
CREATE INDEX place_events_by_place ON place_events (place_id, entry);

-- What hangs on the text that entry `entry` brought. state: pending, stored, failed, named (the source has no bytes to give).
CREATE TABLE attachments (
    message BIGINT NOT NULL,
    entry BIGINT NOT NULL,
    part BIGINT NOT NULL,
    native_id TEXT NOT NULL,
    file_name TEXT,
    media_type TEXT,
    bytes BIGINT,
    alt TEXT,
    source TEXT,
    state TEXT NOT NULL,
    digest BYTEA,
    stored_entry BIGINT,
    error TEXT,
    PRIMARY KEY (message, entry, part)
);
CREATE INDEX attachments_pending ON attachments (message) WHERE state = 'pending';

-- What the inspector found in the text that entry `entry` brought; never the found value. Spans are bytes of UTF-8 within the part of the
-- zone (text, subject, alt_text, link); score is in thousandths.
CREATE TABLE findings (
    message BIGINT NOT NULL,
    entry BIGINT NOT NULL,
    part BIGINT NOT NULL,
    kind TEXT NOT NULL,
    detector TEXT NOT NULL,
    version TEXT NOT NULL,
    level TEXT NOT NULL,
    score BIGINT NOT NULL,
    zone TEXT NOT NULL,
    zone_part BIGINT NOT NULL,
    span_start BIGINT NOT NULL,
    span_end BIGINT NOT NULL,
    PRIMARY KEY (message, entry, part)
);

-- One reading of an export file. position counts its items: position = recorded + duplicates + refused. next_entry is the ledger's
-- position behind the newest entry that was counted: an entry behind it was recorded by this run, but not counted before a crash.
CREATE TABLE import_runs (
    id BYTEA PRIMARY KEY,
    profile_id BYTEA NOT NULL REFERENCES profiles (id),
    format TEXT NOT NULL,
    file_name TEXT NOT NULL,
    file_bytes BIGINT NOT NULL,
    file_digest BYTEA NOT NULL,
    state TEXT NOT NULL,
    position BIGINT NOT NULL,
    recorded BIGINT NOT NULL,
    duplicates BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    next_entry BIGINT NOT NULL,
    started_by BYTEA,
    started_at_ms BIGINT NOT NULL,
    finished_at_ms BIGINT,
    error TEXT
);
CREATE INDEX import_runs_by_profile ON import_runs (profile_id, started_at_ms);

CREATE TABLE import_refusals (
    run_id BYTEA NOT NULL REFERENCES import_runs (id),
    item BIGINT NOT NULL,
    place TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (run_id, item)
);
