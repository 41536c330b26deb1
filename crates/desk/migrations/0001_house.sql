-- The house: workspace, people, rights, sign-in, profiles, audit log, jobs.
-- Both engines run this file as it stands. Ids are 16-byte UUIDv7 values in BYTEA, times are Unix milliseconds in BIGINT.

CREATE TABLE workspace (
    id BIGINT PRIMARY KEY,
    name TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    second_factor TEXT NOT NULL,
    demo BOOLEAN NOT NULL,
    created_at_ms BIGINT NOT NULL
);

CREATE TABLE people (
    id BYTEA PRIMARY KEY,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    time_zone TEXT,
    theme TEXT NOT NULL,
    letter_keys BOOLEAN NOT NULL,
    state TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    state_changed_at_ms BIGINT NOT NULL
);
CREATE INDEX people_by_name ON people (name_key, id);
CREATE INDEX people_by_state ON people (state, name_key, id);

CREATE TABLE teams (
    id BYTEA PRIMARY KEY,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    created_at_ms BIGINT NOT NULL
);

CREATE TABLE team_members (
    team_id BYTEA NOT NULL REFERENCES teams (id),
    person_id BYTEA NOT NULL REFERENCES people (id),
    added_at_ms BIGINT NOT NULL,
    PRIMARY KEY (team_id, person_id)
);
CREATE INDEX team_members_by_person ON team_members (person_id);

CREATE TABLE roles (
    id BYTEA PRIMARY KEY,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL
);

-- Who carries a role: holder_kind is 'person' or 'team'.
CREATE TABLE role_assignments (
    id BYTEA PRIMARY KEY,
    role_id BYTEA NOT NULL REFERENCES roles (id),
    holder_kind TEXT NOT NULL,
    holder_id BYTEA NOT NULL,
    expires_at_ms BIGINT,
    assigned_by BYTEA,
    assigned_at_ms BIGINT NOT NULL,
    UNIQUE (role_id, holder_kind, holder_id)
);
CREATE INDEX role_assignments_by_holder ON role_assignments (holder_kind, holder_id);

-- holder_kind: person, team, role. kind: right or level. scope_kind: workspace, profile, group.
CREATE TABLE grants (
    id BYTEA PRIMARY KEY,
    holder_kind TEXT NOT NULL,
    holder_id BYTEA NOT NULL,
    kind TEXT NOT NULL,
    what TEXT NOT NULL,
    scope_kind TEXT NOT NULL,
    scope_id BYTEA,
    expires_at_ms BIGINT,
    granted_by BYTEA,
    granted_at_ms BIGINT NOT NULL,
    reason TEXT NOT NULL
);
CREATE INDEX grants_by_holder ON grants (holder_kind, holder_id);
CREATE INDEX grants_by_scope ON grants (scope_kind, scope_id);

CREATE TABLE profile_groups (
    id BYTEA PRIMARY KEY,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    created_at_ms BIGINT NOT NULL
);

CREATE TABLE profiles (
    id BYTEA PRIMARY KEY,
    network TEXT NOT NULL,
    handle TEXT NOT NULL,
    title TEXT NOT NULL,
    group_id BYTEA REFERENCES profile_groups (id),
    protected BOOLEAN NOT NULL,
    state TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    state_changed_at_ms BIGINT NOT NULL,
    UNIQUE (network, handle)
);
CREATE INDEX profiles_by_group ON profiles (group_id);

CREATE TABLE passwords (
    person_id BYTEA PRIMARY KEY REFERENCES people (id),
    hash TEXT NOT NULL,
    changed_at_ms BIGINT NOT NULL
);

CREATE TABLE totp_factors (
    id BYTEA PRIMARY KEY,
    person_id BYTEA NOT NULL REFERENCES people (id),
    name TEXT NOT NULL,
    sealed_secret BYTEA NOT NULL,
    confirmed_at_ms BIGINT,
    last_step BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL
);
CREATE INDEX totp_factors_by_person ON totp_factors (person_id);

CREATE TABLE passkeys (
    id BYTEA PRIMARY KEY,
    person_id BYTEA NOT NULL REFERENCES people (id),
    name TEXT NOT NULL,
    credential_id BYTEA NOT NULL UNIQUE,
    credential TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    last_used_at_ms BIGINT
);
CREATE INDEX passkeys_by_person ON passkeys (person_id);

CREATE TABLE recovery_codes (
    id BYTEA PRIMARY KEY,
    person_id BYTEA NOT NULL REFERENCES people (id),
    code_hash BYTEA NOT NULL,
    used_at_ms BIGINT,
    created_at_ms BIGINT NOT NULL
);
CREATE INDEX recovery_codes_by_person ON recovery_codes (person_id);

CREATE TABLE sessions (
    id BYTEA PRIMARY KEY,
    person_id BYTEA NOT NULL REFERENCES people (id),
    token_hash BYTEA NOT NULL UNIQUE,
    method TEXT NOT NULL,
    second_factor BOOLEAN NOT NULL,
    address TEXT,
    user_agent TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    last_seen_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    stepped_up_at_ms BIGINT,
    ended_at_ms BIGINT,
    end_reason TEXT
);
CREATE INDEX sessions_by_person ON sessions (person_id, ended_at_ms);

-- Single-use links: kind is setup, invitation or reset. Only the hash of the code is kept.
CREATE TABLE links (
    id BYTEA PRIMARY KEY,
    kind TEXT NOT NULL,
    token_hash BYTEA NOT NULL UNIQUE,
    person_id BYTEA NOT NULL REFERENCES people (id),
    created_by BYTEA,
    created_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    used_at_ms BIGINT,
    revoked_at_ms BIGINT
);
CREATE INDEX links_by_person ON links (person_id);

-- A ceremony between two requests: password given and second factor awaited, passkey registration or assertion, TOTP set-up.
CREATE TABLE ceremonies (
    id BYTEA PRIMARY KEY,
    kind TEXT NOT NULL,
    token_hash BYTEA NOT NULL UNIQUE,
    person_id BYTEA,
    session_id BYTEA,
    state TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL
);

CREATE TABLE throttles (
    subject TEXT PRIMARY KEY,
    failures BIGINT NOT NULL,
    first_failure_at_ms BIGINT NOT NULL,
    blocked_until_ms BIGINT NOT NULL
);

CREATE TABLE api_tokens (
    id BYTEA PRIMARY KEY,
    person_id BYTEA NOT NULL REFERENCES people (id),
    name TEXT NOT NULL,
    token_hash BYTEA NOT NULL UNIQUE,
    hint TEXT NOT NULL,
    scopes TEXT NOT NULL,
    agent BOOLEAN NOT NULL,
    created_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    last_used_at_ms BIGINT,
    last_used_address TEXT,
    revoked_at_ms BIGINT
);
CREATE INDEX api_tokens_by_person ON api_tokens (person_id);

CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('audit_log', 0);
INSERT INTO counters (name, value) VALUES ('ledger_outbox', 0);

-- seq is gapless and in commit order; an auditor can see a missing entry.
CREATE TABLE audit_entries (
    seq BIGINT PRIMARY KEY,
    id BYTEA NOT NULL UNIQUE,
    at_ms BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id BYTEA,
    token_id BYTEA,
    session_id BYTEA,
    address TEXT,
    act TEXT NOT NULL,
    object_kind TEXT NOT NULL,
    object_id BYTEA,
    outcome TEXT NOT NULL,
    before_digest BYTEA,
    after_digest BYTEA,
    details TEXT NOT NULL
);
CREATE INDEX audit_entries_by_actor ON audit_entries (actor_id, seq);
CREATE INDEX audit_entries_by_object ON audit_entries (object_id, seq);
CREATE INDEX audit_entries_by_act ON audit_entries (act, seq);
CREATE INDEX audit_entries_by_time ON audit_entries (at_ms, seq);
CREATE INDEX audit_entries_by_outcome ON audit_entries (outcome, at_ms, seq);

-- state: queued, running, done, dead, cancelled.
CREATE TABLE jobs (
    id BYTEA PRIMARY KEY,
    kind TEXT NOT NULL,
    dedupe_key TEXT,
    payload TEXT NOT NULL,
    state TEXT NOT NULL,
    run_at_ms BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    attempts_max BIGINT NOT NULL,
    lease_owner TEXT,
    lease_epoch BIGINT NOT NULL,
    lease_until_ms BIGINT,
    cancel_requested BOOLEAN NOT NULL,
    progress_done BIGINT,
    progress_total BIGINT,
    last_error TEXT,
    created_at_ms BIGINT NOT NULL,
    started_at_ms BIGINT,
    finished_at_ms BIGINT
);
CREATE INDEX jobs_to_run ON jobs (state, run_at_ms);
CREATE INDEX jobs_by_kind ON jobs (kind, state, run_at_ms);
CREATE UNIQUE INDEX jobs_once ON jobs (kind, dedupe_key) WHERE dedupe_key IS NOT NULL AND state IN ('queued', 'running');

CREATE TABLE schedules (
    kind TEXT PRIMARY KEY,
    every_ms BIGINT NOT NULL,
    next_at_ms BIGINT NOT NULL,
    last_enqueued_at_ms BIGINT
);

CREATE TABLE idempotency_keys (
    owner_id BYTEA NOT NULL,
    key TEXT NOT NULL,
    request_digest BYTEA NOT NULL,
    status BIGINT NOT NULL,
    body TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    PRIMARY KEY (owner_id, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at_ms);

CREATE TABLE saved_views (
    id BYTEA PRIMARY KEY,
    person_id BYTEA NOT NULL REFERENCES people (id),
    page TEXT NOT NULL,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    shared BOOLEAN NOT NULL,
    created_at_ms BIGINT NOT NULL
);
CREATE INDEX saved_views_by_page ON saved_views (page, person_id);
