-- Intake: attachments are fetched, export files are uploaded, canaries look whether a platform still delivers what it did.
-- Both engines run this file as it stands.

-- Whose attachment it is, which import's file holds its bytes (null: the network is asked), how often fetching was tried in vain, and
-- not before when it is tried again.
ALTER TABLE attachments ADD COLUMN profile_id BYTEA;
ALTER TABLE attachments ADD COLUMN import_id BYTEA;
ALTER TABLE attachments ADD COLUMN tries BIGINT NOT NULL DEFAULT 0;
ALTER TABLE attachments ADD COLUMN next_try_at_ms BIGINT NOT NULL DEFAULT 0;
UPDATE attachments SET profile_id = (SELECT profile_id FROM messages WHERE messages.number = attachments.message);
DROP INDEX attachments_pending;
CREATE INDEX attachments_due ON attachments (profile_id, next_try_at_ms) WHERE state = 'pending' AND import_id IS NULL;
CREATE INDEX attachments_in_file ON attachments (import_id, message) WHERE state = 'pending' AND import_id IS NOT NULL;

-- An export file that somebody uploaded. It lies on the node `node` until it is imported or removed. state: stored (waits for somebody),
-- counting (a dry run is under way), counted, importing, removed. tally is the dry run's result as JSON.
CREATE TABLE uploads (
    id BYTEA PRIMARY KEY,
    format TEXT NOT NULL,
    file_name TEXT NOT NULL,
    file_bytes BIGINT NOT NULL,
    file_digest BYTEA NOT NULL,
    source TEXT NOT NULL,
    profile_id BYTEA REFERENCES profiles (id),
    run_id BYTEA REFERENCES import_runs (id),
    job_id BYTEA,
    node TEXT NOT NULL,
    state TEXT NOT NULL,
    tally TEXT,
    uploaded_by BYTEA,
    uploaded_at_ms BIGINT NOT NULL
);
CREATE INDEX uploads_by_run ON uploads (run_id) WHERE run_id IS NOT NULL;

-- A canary: a message of our own that is posted, changed and taken back in `place` every `every_ms`, to see whether it is captured as it
-- was before. step is where the round under way stands; key and native_id name its message. baseline and seen are shapes as JSON (paths
-- and types, no values).
CREATE TABLE canaries (
    profile_id BYTEA PRIMARY KEY REFERENCES profiles (id),
    place TEXT,
    every_ms BIGINT NOT NULL,
    step TEXT NOT NULL,
    step_at_ms BIGINT NOT NULL,
    key TEXT,
    native_id TEXT,
    next_at_ms BIGINT NOT NULL,
    rounds BIGINT NOT NULL,
    baseline TEXT,
    seen TEXT NOT NULL,
    problem TEXT,
    problem_since_ms BIGINT
);
