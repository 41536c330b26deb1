-- Approvals: workflows, submissions with their steps and decisions, clearances, outside approvers, skips, mail.
-- Both engines run this file as it stands. JSON is opaque text; posts and versions are those of 0003_publishing.

-- Workflows in the order in which they are looked at: the first that covers a profile counts for it.
CREATE TABLE workflows (
    id BYTEA PRIMARY KEY,
    position BIGINT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    cover TEXT NOT NULL,
    steps TEXT NOT NULL,
    window_ms BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    stuck_since_ms BIGINT,
    stuck_why TEXT,
    created_at_ms BIGINT NOT NULL,
    changed_by BYTEA,
    changed_at_ms BIGINT NOT NULL
);

CREATE TABLE workflow_additions (
    id BYTEA PRIMARY KEY,
    position BIGINT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    cover TEXT NOT NULL,
    tags TEXT NOT NULL,
    findings TEXT NOT NULL,
    steps TEXT NOT NULL,
    revision BIGINT NOT NULL,
    stuck_since_ms BIGINT,
    stuck_why TEXT,
    created_at_ms BIGINT NOT NULL,
    changed_by BYTEA,
    changed_at_ms BIGINT NOT NULL
);

-- state: pending, approved, rejected, change_wanted, withdrawn, voided, expired, skipped. excluded and targets are JSON lists.
CREATE TABLE submissions (
    id BYTEA PRIMARY KEY,
    post_id BYTEA NOT NULL,
    version BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    slot_ms BIGINT,
    window_ms BIGINT NOT NULL,
    state TEXT NOT NULL,
    note TEXT NOT NULL,
    excluded TEXT NOT NULL,
    targets TEXT NOT NULL,
    submitted_by BYTEA,
    by_agent BOOLEAN NOT NULL,
    submitted_at_ms BIGINT NOT NULL,
    ended_at_ms BIGINT,
    stuck_since_ms BIGINT
);
CREATE UNIQUE INDEX submissions_one_open ON submissions (post_id) WHERE state = 'pending';
CREATE INDEX submissions_by_state ON submissions (state, slot_ms, id);
CREATE INDEX submissions_by_post ON submissions (post_id, version);

CREATE TABLE submission_steps (
    submission_id BYTEA NOT NULL REFERENCES submissions (id),
    number BIGINT NOT NULL,
    step TEXT NOT NULL,
    opened_at_ms BIGINT,
    closed_at_ms BIGINT,
    PRIMARY KEY (submission_id, number)
);

-- The messages that a submitted reply answers: several pending replies to one message are resolved together.
CREATE TABLE submission_answers (
    submission_id BYTEA NOT NULL REFERENCES submissions (id),
    profile_id BYTEA NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (submission_id, profile_id, message)
);
CREATE INDEX submission_answers_by_message ON submission_answers (profile_id, message);

-- voice_kind: person or guest. seen is the digest of what was shown to them.
CREATE TABLE decisions (
    id BYTEA PRIMARY KEY,
    submission_id BYTEA NOT NULL REFERENCES submissions (id),
    step BIGINT NOT NULL,
    voice_kind TEXT NOT NULL,
    voice_id BYTEA NOT NULL,
    hand TEXT NOT NULL,
    verdict TEXT NOT NULL,
    reason TEXT NOT NULL,
    seen BYTEA NOT NULL,
    at_ms BIGINT NOT NULL,
    token_id BYTEA,
    address TEXT,
    user_agent TEXT,
    UNIQUE (submission_id, step, voice_kind, voice_id)
);
CREATE INDEX decisions_by_voice ON decisions (voice_kind, voice_id, at_ms);

-- What may go out. how: approved, free or break_glass. Voided rows stay: they say what once held.
CREATE TABLE clearances (
    post_id BYTEA NOT NULL,
    version BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    from_ms BIGINT NOT NULL,
    until_ms BIGINT NOT NULL,
    how TEXT NOT NULL,
    submission_id BYTEA,
    cleared_at_ms BIGINT NOT NULL,
    voided_at_ms BIGINT,
    PRIMARY KEY (post_id, version)
);

CREATE TABLE break_glass_reviews (
    submission_id BYTEA PRIMARY KEY REFERENCES submissions (id),
    skipped_by BYTEA NOT NULL,
    reason TEXT NOT NULL,
    skipped_at_ms BIGINT NOT NULL,
    due_at_ms BIGINT NOT NULL,
    overdue_since_ms BIGINT,
    reviewed_by BYTEA,
    reviewed_at_ms BIGINT,
    verdict TEXT,
    remark TEXT
);
CREATE INDEX break_glass_reviews_open ON break_glass_reviews (reviewed_at_ms, due_at_ms);

-- kind: day, two_hours, quarter, delegates, stuck. A reminder is sent once for each step.
CREATE TABLE reminders_sent (
    submission_id BYTEA NOT NULL REFERENCES submissions (id),
    step BIGINT NOT NULL,
    kind TEXT NOT NULL,
    sent_at_ms BIGINT NOT NULL,
    PRIMARY KEY (submission_id, step, kind)
);

-- Outside approvers: an address, never an account.
CREATE TABLE guest_approvers (
    id BYTEA PRIMARY KEY,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created_by BYTEA,
    created_at_ms BIGINT NOT NULL,
    revoked_at_ms BIGINT
);

-- What a guest is asked about. It becomes visible to them here and nowhere else.
CREATE TABLE guest_asks (
    guest_id BYTEA NOT NULL REFERENCES guest_approvers (id),
    submission_id BYTEA NOT NULL REFERENCES submissions (id),
    asked_at_ms BIGINT NOT NULL,
    mailed_at_ms BIGINT,
    revoked_at_ms BIGINT,
    PRIMARY KEY (guest_id, submission_id)
);
CREATE INDEX guest_asks_by_submission ON guest_asks (submission_id);

-- A link in a mail. By itself it opens nothing but the question whether a code shall be sent to the guest's address.
CREATE TABLE guest_invitations (
    id BYTEA PRIMARY KEY,
    guest_id BYTEA NOT NULL REFERENCES guest_approvers (id),
    token_hash BYTEA NOT NULL UNIQUE,
    created_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    revoked_at_ms BIGINT
);
CREATE INDEX guest_invitations_by_guest ON guest_invitations (guest_id, created_at_ms);

-- A browser that asked for a code, and what it may see once the code was given in it.
CREATE TABLE guest_sessions (
    id BYTEA PRIMARY KEY,
    guest_id BYTEA NOT NULL REFERENCES guest_approvers (id),
    invitation_id BYTEA NOT NULL REFERENCES guest_invitations (id),
    browser_hash BYTEA NOT NULL UNIQUE,
    code_digest BYTEA,
    code_expires_at_ms BIGINT NOT NULL,
    code_tries BIGINT NOT NULL,
    entered_at_ms BIGINT,
    expires_at_ms BIGINT NOT NULL,
    ended_at_ms BIGINT,
    address TEXT,
    user_agent TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL
);
CREATE INDEX guest_sessions_by_guest ON guest_sessions (guest_id, created_at_ms);

-- Mail on its way. The letter is sealed, and gone once it was handed over. state: queued, sent, given_up.
CREATE TABLE mails (
    id BYTEA PRIMARY KEY,
    kind TEXT NOT NULL,
    sealed_letter BYTEA,
    state TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    ended_at_ms BIGINT,
    last_error TEXT
);
CREATE INDEX mails_by_state ON mails (state, created_at_ms);

-- Since when tokens marked as agents are shut out; nothing while they work.
ALTER TABLE workspace ADD COLUMN agents_frozen_at_ms BIGINT;
