-- Publishing: posts with their versions, what becomes of each on each profile, media, pauses, and what has to go on record.
-- Both engines run this file as it stands. JSON is opaque text.

CREATE TABLE campaigns (
    id BYTEA PRIMARY KEY,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    created_at_ms BIGINT NOT NULL,
    ended_at_ms BIGINT
);

-- What somebody writes. `draft` is the working copy; `revision` counts its changes and is the optimistic lock. `version` is the newest
-- numbered snapshot, 0 before there is one. `words` is what lists find it by. calendar_ms is where a calendar shows it: its slot, or when it went without one.
CREATE TABLE posts (
    id BYTEA PRIMARY KEY,
    author_id BYTEA NOT NULL,
    hand TEXT NOT NULL,
    title TEXT NOT NULL,
    words TEXT NOT NULL,
    draft TEXT NOT NULL,
    revision BIGINT NOT NULL,
    version BIGINT NOT NULL,
    slot_ms BIGINT,
    slot_zone TEXT NOT NULL,
    calendar_ms BIGINT,
    campaign_id BYTEA REFERENCES campaigns (id),
    created_at_ms BIGINT NOT NULL,
    changed_at_ms BIGINT NOT NULL,
    changed_by BYTEA NOT NULL,
    discarded_at_ms BIGINT
);
CREATE INDEX posts_by_calendar ON posts (calendar_ms, id);
CREATE INDEX posts_by_change ON posts (changed_at_ms, id);
CREATE INDEX posts_by_author ON posts (author_id, changed_at_ms);
CREATE INDEX posts_by_campaign ON posts (campaign_id);

-- Everybody whose hand touched the working copy since it was begun; tokens and agents count for their person.
CREATE TABLE post_editors (
    post_id BYTEA NOT NULL REFERENCES posts (id),
    person_id BYTEA NOT NULL,
    hand TEXT NOT NULL,
    first_at_ms BIGINT NOT NULL,
    PRIMARY KEY (post_id, person_id, hand)
);

CREATE TABLE post_tags (
    post_id BYTEA NOT NULL REFERENCES posts (id),
    tag TEXT NOT NULL,
    PRIMARY KEY (post_id, tag)
);
CREATE INDEX post_tags_by_tag ON post_tags (tag, post_id);

-- Immutable: what was submitted. The digest is of draft and slot; findings are the kinds of what the inspector found in it.
CREATE TABLE post_versions (
    post_id BYTEA NOT NULL REFERENCES posts (id),
    number BIGINT NOT NULL,
    draft TEXT NOT NULL,
    slot_ms BIGINT,
    slot_zone TEXT NOT NULL,
    digest BYTEA NOT NULL,
    findings TEXT NOT NULL,
    made_by BYTEA NOT NULL,
    hand TEXT NOT NULL,
    made_at_ms BIGINT NOT NULL,
    PRIMARY KEY (post_id, number)
);

-- A post on one profile. `due_ms` is when a worker has to look next; nothing when none has to. version is that of the newest
-- submission. cleared_* is what approvals allowed, copied for pages: what may be sent is asked of approvals again at each sending.
-- confirmed_at_ms: when somebody let it go through a soft pause. uploads_left: files that the network does not have yet.
CREATE TABLE targets (
    post_id BYTEA NOT NULL REFERENCES posts (id),
    profile_id BYTEA NOT NULL REFERENCES profiles (id),
    version BIGINT NOT NULL,
    state TEXT NOT NULL,
    held_for TEXT,
    reason TEXT,
    slot_ms BIGINT,
    cleared_digest BYTEA,
    cleared_from_ms BIGINT,
    cleared_until_ms BIGINT,
    next_try_ms BIGINT,
    cancel_wanted BOOLEAN NOT NULL,
    confirmed_at_ms BIGINT,
    looks BIGINT NOT NULL,
    uploads_left BIGINT NOT NULL,
    parts BIGINT NOT NULL,
    parts_there BIGINT NOT NULL,
    native_id TEXT,
    permalink TEXT,
    published_at_ms BIGINT,
    scheduled_by BYTEA,
    due_ms BIGINT,
    changed_at_ms BIGINT NOT NULL,
    PRIMARY KEY (post_id, profile_id)
);
CREATE INDEX targets_due ON targets (due_ms) WHERE due_ms IS NOT NULL;
CREATE INDEX targets_by_profile ON targets (profile_id, slot_ms);
CREATE INDEX targets_by_state ON targets (state, slot_ms);
CREATE INDEX targets_by_scheduler ON targets (scheduled_by, state);
CREATE INDEX targets_by_native_id ON targets (profile_id, native_id) WHERE native_id IS NOT NULL;

-- The posts of a thread on one profile. `key` is what makes the network recognise a repetition; it is durable before the first call and
-- never changes. `media` holds what the network called the uploaded files.
CREATE TABLE target_parts (
    post_id BYTEA NOT NULL,
    profile_id BYTEA NOT NULL,
    part BIGINT NOT NULL,
    key TEXT NOT NULL UNIQUE,
    media TEXT NOT NULL,
    native_id TEXT,
    revision TEXT,
    permalink TEXT,
    sent_at_ms BIGINT,
    deleted_at_ms BIGINT,
    PRIMARY KEY (post_id, profile_id, part),
    FOREIGN KEY (post_id, profile_id) REFERENCES targets (post_id, profile_id)
);
CREATE INDEX target_parts_by_native_id ON target_parts (profile_id, native_id) WHERE native_id IS NOT NULL;

-- One row for each attempt with a version. `holder` is the process that made it, `called_at_ms` when its newest call was allowed.
CREATE TABLE attempts (
    post_id BYTEA NOT NULL,
    profile_id BYTEA NOT NULL,
    version BIGINT NOT NULL,
    number BIGINT NOT NULL,
    holder BYTEA NOT NULL,
    began_at_ms BIGINT NOT NULL,
    called_at_ms BIGINT NOT NULL,
    ended_at_ms BIGINT,
    outcome TEXT,
    PRIMARY KEY (post_id, profile_id, version, number),
    FOREIGN KEY (post_id, profile_id) REFERENCES targets (post_id, profile_id)
);

-- Files on posts, by the SHA-256 of their bytes as they are sent (after place and author were taken out). state: arriving, ready.
CREATE TABLE media (
    id BYTEA PRIMARY KEY,
    digest BYTEA,
    state TEXT NOT NULL,
    media_type TEXT NOT NULL,
    file_name TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    width BIGINT,
    height BIGINT,
    duration_ms BIGINT,
    stripped TEXT NOT NULL,
    uploaded_by BYTEA NOT NULL,
    created_at_ms BIGINT NOT NULL
);
CREATE INDEX media_by_digest ON media (digest) WHERE digest IS NOT NULL;
CREATE INDEX media_by_person ON media (uploaded_by, created_at_ms);

CREATE TABLE media_chunks (
    media_id BYTEA NOT NULL REFERENCES media (id),
    chunk BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (media_id, chunk)
);

-- Which media a post has ever named, so that whoever may read the post may see them and nothing that is in use is removed.
CREATE TABLE post_media (
    post_id BYTEA NOT NULL REFERENCES posts (id),
    digest BYTEA NOT NULL,
    PRIMARY KEY (post_id, digest)
);
CREATE INDEX post_media_by_digest ON post_media (digest);

-- audience: internal (colleagues) or external (outside approvers see it too).
CREATE TABLE comments (
    id BYTEA PRIMARY KEY,
    post_id BYTEA NOT NULL REFERENCES posts (id),
    person_id BYTEA,
    guest_id BYTEA,
    audience TEXT NOT NULL,
    text TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    removed_at_ms BIGINT
);
CREATE INDEX comments_by_post ON comments (post_id, created_at_ms);

-- The stop switch. scope_kind: everything, network, group, profile. mode: hard (nobody publishes) or soft (after a confirmation).
CREATE TABLE publishing_pauses (
    id BYTEA PRIMARY KEY,
    scope_kind TEXT NOT NULL,
    scope_id BYTEA,
    network TEXT,
    mode TEXT NOT NULL,
    reason TEXT NOT NULL,
    paused_by BYTEA,
    paused_at_ms BIGINT NOT NULL,
    resumed_by BYTEA,
    resumed_at_ms BIGINT
);
CREATE INDEX publishing_pauses_open ON publishing_pauses (paused_at_ms) WHERE resumed_at_ms IS NULL;

-- Times of the week at which a profile usually posts: weekday 1 (Monday) to 7, minute of the day in the zone.
CREATE TABLE posting_slots (
    id BYTEA PRIMARY KEY,
    profile_id BYTEA NOT NULL REFERENCES profiles (id),
    weekday BIGINT NOT NULL,
    minute BIGINT NOT NULL,
    zone TEXT NOT NULL,
    UNIQUE (profile_id, weekday, minute)
);

INSERT INTO counters (name, value) VALUES ('record_outbox', 0);
INSERT INTO counters (name, value) VALUES ('record_outbox_shipped', 0);

-- What publishing and approvals put on record, written in the transaction of the act, gapless and in commit order. `entry` is the
-- position in the ledger once it is there; what `gates` has to be there before anything of the post is sent.
CREATE TABLE record_outbox (
    seq BIGINT PRIMARY KEY,
    id BYTEA NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    post_id BYTEA NOT NULL,
    profile_id BYTEA,
    at_ms BIGINT NOT NULL,
    gates BOOLEAN NOT NULL,
    body TEXT NOT NULL,
    entry BIGINT
);
CREATE INDEX record_outbox_by_post ON record_outbox (post_id, seq);

INSERT INTO counters (name, value) VALUES ('foreign_posts', 0);

-- Messages of our own accounts. message_number and entry are capture's. kind: candidate (not decided yet), ours, or alert (not sent
-- from here).
CREATE TABLE foreign_posts (
    message_id BYTEA PRIMARY KEY,
    profile_id BYTEA NOT NULL,
    native_id TEXT NOT NULL,
    message_number BIGINT NOT NULL,
    entry BIGINT,
    posted_at_ms BIGINT NOT NULL,
    found_at_ms BIGINT NOT NULL,
    kind TEXT NOT NULL,
    seen_by BYTEA,
    seen_at_ms BIGINT,
    note TEXT
);
CREATE INDEX foreign_posts_by_kind ON foreign_posts (kind, found_at_ms);

-- Changes and deletions of what was published: asked for, then proven by reading it back. kind: edit, delete. state: waiting (for the
-- version to be cleared), due, under_way, done, failed. The id is the key that makes the network recognise a repetition.
CREATE TABLE corrections (
    id BYTEA PRIMARY KEY,
    post_id BYTEA NOT NULL,
    profile_id BYTEA NOT NULL,
    kind TEXT NOT NULL,
    part BIGINT NOT NULL,
    version BIGINT,
    reason TEXT NOT NULL,
    holder BYTEA,
    asked_by BYTEA,
    asked_at_ms BIGINT NOT NULL,
    state TEXT NOT NULL,
    tries BIGINT NOT NULL,
    due_ms BIGINT,
    ended_at_ms BIGINT,
    message TEXT,
    FOREIGN KEY (post_id, profile_id) REFERENCES targets (post_id, profile_id)
);
CREATE INDEX corrections_by_post ON corrections (post_id, asked_at_ms);
CREATE INDEX corrections_due ON corrections (due_ms) WHERE due_ms IS NOT NULL;
